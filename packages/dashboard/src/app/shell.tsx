import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { type ReactNode, Suspense, useEffect, useRef, useState } from "react";
import { shelf } from "../store/shelf.ts";
import { text } from "../text/text.ts";
import { Icon } from "../ui/icon.tsx";
import { lazyPart } from "../ui/lazy-part.tsx";
import { useViewNews } from "../views/view-news.ts";
import { useKeptFocus } from "./keep-focus.ts";
import { LiveIndicator } from "./live-indicator.tsx";
import { NoticeList } from "./notice-list.tsx";
import { type Place, placeOf, titleOf } from "./place.ts";
import { announcePresence } from "./presence.ts";
import { Rail } from "./rail.tsx";
import styles from "./shell.module.css";
import { useShortcuts } from "./shortcuts.ts";
import { SignedOut } from "./signed-out.tsx";
import { ThemeSwitch } from "./theme-switch.tsx";
import { useAgentNames } from "./use-agents.ts";
import { useLive, useMission } from "./use-mission.ts";

const CommandPalette = lazyPart(
  async () => (await import("../palette/command-palette.tsx")).default,
  noOverlay,
);
const ShortcutSheet = lazyPart(async () => (await import("./shortcut-sheet.tsx")).default, noOverlay);
const Watch = lazyPart(
  async () => (await import("../inbox/watch.tsx")).default,
  () => null,
);

const RAIL_KEY = "mission-control.rail";
const IS_APPLE = /Mac|iPhone|iPad/.test(navigator.platform);

/** What stands around every page: the rail, the bar, and what may lie over it. */
export function Shell() {
  const [overlay, setOverlay] = useState<"palette" | "shortcuts" | null>(null);
  const [narrow, setNarrow] = useState(() => shelf.getItem(RAIL_KEY) === "narrow");
  const signedOut = useLive((mission) => mission.signedOut);
  useShortcuts({
    openPalette: () => setOverlay("palette"),
    openShortcuts: () => setOverlay("shortcuts"),
  });
  useKeptFocus();
  useEffect(announcePresence, []);
  useAgentNames();
  useViewNews();
  useTitle();
  const main = useRef<HTMLElement>(null);
  const toggleRail = () => {
    shelf.setItem(RAIL_KEY, narrow ? "wide" : "narrow");
    setNarrow(!narrow);
  };
  return (
    <div className={`${styles.shell} ${narrow ? styles.narrow : ""}`}>
      <button type="button" className={styles.skip} onClick={() => main.current?.focus()}>
        {text.shell.skip}
      </button>
      <Rail narrow={narrow} onToggle={toggleRail} />
      <header className={styles.bar}>
        <Breadcrumb />
        <button type="button" className={styles.search} onClick={() => setOverlay("palette")}>
          <Icon name="search" size={14} />
          <span>{text.shell.search}</span>
          <kbd>{IS_APPLE ? "⌘ K" : "Ctrl K"}</kbd>
        </button>
        <LiveIndicator />
        <ThemeSwitch />
      </header>
      <main id="main" ref={main} tabIndex={-1} className={styles.main}>
        <Outlet />
      </main>
      {signedOut ? <SignedOut /> : null}
      <NoticeList />
      <Suspense>
        <Watch />
      </Suspense>
      <Suspense>
        {overlay === "palette" ? <CommandPalette onClose={() => setOverlay(null)} /> : null}
        {overlay === "shortcuts" ? <ShortcutSheet onClose={() => setOverlay(null)} /> : null}
      </Suspense>
    </div>
  );
}

/** What lies over the page has no place of its own to say that it is not there. */
function noOverlay({ onClose }: { onClose(): void }): ReactNode {
  return <NoOverlay onClose={onClose} />;
}

function NoOverlay({ onClose }: { onClose(): void }) {
  const { notices } = useMission();
  useEffect(() => {
    notices.error(text.part.failed);
    onClose();
  }, [notices, onClose]);
  return null;
}

function usePlace(): Place {
  return placeOf(useLocation().pathname);
}

function Breadcrumb() {
  const { page, taskId } = usePlace();
  const title = useLive((mission) => (taskId ? mission.tasks.get(taskId)?.title : undefined));
  if (!page) return <h1 className={styles.crumbs}>{text.product}</h1>;
  if (!taskId) return <h1 className={styles.crumbs}>{page.label}</h1>;
  return (
    <nav className={styles.crumbs} aria-label={text.shell.breadcrumb}>
      <Link to={page.to}>{page.label}</Link>
      <Icon name="chevron" size={12} />
      <span aria-current="page">
        <bdi>{title ?? taskId}</bdi>
      </span>
    </nav>
  );
}

function useTitle(): void {
  const { page, taskId } = usePlace();
  const title = useLive((mission) => (taskId ? mission.tasks.get(taskId)?.title : undefined));
  const waiting = useLive((mission) => mission.waiting);
  const name = title ?? page?.label;
  useEffect(() => {
    document.title = titleOf(text.product, name, waiting);
  }, [name, waiting]);
}
