import type { SavedView } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import rail from "../app/rail.module.css";
import { useMission } from "../app/use-mission.ts";
import { text } from "../text/text.ts";
import { viewsText } from "../text/views-text.ts";
import { visibleText } from "../text/visible.ts";
import { Icon } from "../ui/icon.tsx";
import { Menu, type MenuEntry } from "../ui/menu.tsx";
import { useShownView, useViewCalls, useViews } from "./use-views.ts";
import { isShown, viewTarget } from "./view-address.ts";
import styles from "./view-list.module.css";
import { ViewName } from "./view-name.tsx";

/** How long a removed view can be had back, in milliseconds. */
const UNDO_MS = 10_000;

/** The saved views, in the rail; nothing while there are none. */
export function ViewList() {
  const views = useViews();
  if (!views.data?.length) return null;
  return (
    <section aria-labelledby="saved-views">
      <h2 id="saved-views">{viewsText.title}</h2>
      <ul>
        {views.data.map((view, index) => (
          <Row key={view.id} view={view} index={index} last={index === views.data.length - 1} />
        ))}
      </ul>
    </section>
  );
}

function Row({ view, index, last }: { view: SavedView; index: number; last: boolean }) {
  const { notices } = useMission();
  const [menu, setMenu] = useState(false);
  const [renaming, setRenaming] = useState(false);
  const calls = useViewCalls();
  const shown = useShownView();
  const isCurrent = shown !== null && isShown(view, shown.page, shown.search);
  const name = visibleText(view.name);
  const say = async (done: Promise<string | null>): Promise<boolean> => {
    const refused = await done;
    if (refused) notices.error(text.action.refused(refused));
    return refused === null;
  };
  const remove = async () => {
    if (!(await say(calls.remove(view.id)))) return;
    const withdraw = notices.offer(
      viewsText.removed(name),
      [
        {
          label: text.undo.undo,
          run: () => {
            withdraw();
            void say(calls.restore(view, index));
          },
        },
      ],
      UNDO_MS,
    );
  };
  const move = (to: number) => void say(calls.update(view.id, { index: to }));
  const entries: (MenuEntry | null)[] = [
    { label: viewsText.rename, icon: "edit", onSelect: () => setRenaming(true) },
    ...(shown?.page === view.page && !isCurrent
      ? [
          {
            label: viewsText.update,
            icon: "filter" as const,
            onSelect: () => void say(calls.update(view.id, { search: shown.search })),
          },
        ]
      : []),
    ...(index > 0 ? [{ label: viewsText.up, icon: "up" as const, onSelect: () => move(index - 1) }] : []),
    ...(last ? [] : [{ label: viewsText.down, icon: "down" as const, onSelect: () => move(index + 1) }]),
    null,
    { label: viewsText.remove, icon: "trash", danger: true, onSelect: () => void remove() },
  ];
  return (
    <li className={styles.row}>
      <Link
        {...viewTarget(view)}
        activeOptions={{ exact: true, includeSearch: true }}
        aria-current={isCurrent ? "page" : undefined}
        className={rail.item}
        title={name}
      >
        <Icon name={view.page} />
        <bdi className={styles.name}>{name}</bdi>
      </Link>
      <Menu label={viewsText.menu(name)} entries={entries} open={menu} onOpenChange={setMenu} tabStop />
      {renaming ? (
        <ViewName
          title={viewsText.renameTitle}
          name={view.name}
          onSave={(typed) => calls.update(view.id, { name: typed })}
          onClose={() => setRenaming(false)}
        />
      ) : null}
    </li>
  );
}
