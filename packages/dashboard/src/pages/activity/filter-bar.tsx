import type { EventType } from "@mission-control/protocol";
import { EVENT_TYPES } from "@mission-control/protocol/kinds";
import { memo, Suspense, useEffect, useId, useRef, useState } from "react";
import { isPageKey } from "../../app/shortcuts.ts";
import { useAgents } from "../../app/use-agents.ts";
import { useLive } from "../../app/use-mission.ts";
import { text } from "../../text/text.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { FilterSheet } from "../../ui/filter-sheet.tsx";
import { EventGlyph, Icon } from "../../ui/icon.tsx";
import { lazyPart } from "../../ui/lazy-part.tsx";
import toolbar from "../../ui/toolbar.module.css";
import { useDismissal } from "../../ui/use-dismissal.ts";
import styles from "./activity.module.css";
import { type ActivitySearch, PRESETS, splitTypes } from "./activity-search.ts";

const SaveView = lazyPart(
  async () => (await import("../../views/save-view.tsx")).SaveView,
  () => null,
);

const PRESET_NAMES = ["all", "problems", "results", "questions"] as const;

/** Filters are put into the address this long after the last letter. */
const TYPING_MS = 200;

interface FilterBarProps {
  search: ActivitySearch;
  /** Whether the list stands still. */
  held: boolean;
  onHold(): void;
  onRelease(): void;
  onChange(changes: Partial<Record<keyof ActivitySearch, string | true | undefined>>): void;
}

/** What the list shows: text, agent, task, types; and whether it moves. */
export const FilterBar = memo(function FilterBar(props: FilterBarProps) {
  const { search, held, onHold, onRelease, onChange } = props;
  const agents = useAgents();
  const types = splitTypes(search.types);
  const taskTitle = useLive(({ tasks }) => (search.task ? tasks.get(search.task)?.title : undefined));
  const filtered = Boolean(search.task || search.agent || search.types || search.q);
  return (
    <div className={toolbar.toolbar}>
      <search className={toolbar.row}>
        <SearchField value={search.q ?? ""} onChange={(q) => onChange({ q: q || undefined })} />
        <FilterSheet
          active={[search.agent, search.types, search.raw].filter((filter) => filter !== undefined).length}
        >
          <label className={styles.select}>
            <span className="visually-hidden">{text.activity.agent}</span>
            <select
              value={search.agent ?? ""}
              onChange={(event) => onChange({ agent: event.target.value || undefined })}
            >
              <option value="">{text.activity.anyAgent}</option>
              {agents.data?.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
              {search.agent && agents.data && !agents.data.some(({ id }) => id === search.agent) ? (
                <option value={search.agent}>{search.agent}</option>
              ) : null}
            </select>
          </label>
          <fieldset className={styles.types} aria-label={text.activity.show}>
            {PRESET_NAMES.map((name) => {
              const list = PRESETS[name].join(",");
              return (
                <button
                  key={name}
                  type="button"
                  className={styles.chip}
                  aria-pressed={types.join(",") === list}
                  onClick={() => onChange({ types: list || undefined })}
                >
                  {text.activity.preset[name]}
                </button>
              );
            })}
          </fieldset>
          <TypesMenu types={types} raw={search.raw === true} onChange={onChange} />
          {filtered ? (
            <Button
              kind="quiet"
              onClick={() => onChange({ task: undefined, agent: undefined, types: undefined, q: undefined })}
            >
              {text.activity.clear}
            </Button>
          ) : null}
          {filtered || search.raw ? (
            <Suspense>
              <SaveView page="activity" />
            </Suspense>
          ) : null}
        </FilterSheet>
        {search.task ? (
          <span className={`${styles.chip} ${styles.ofTask}`} data-on="true">
            <bdi className={styles.chipText}>{text.activity.task(taskTitle ?? search.task)}</bdi>
            <button
              type="button"
              aria-label={text.activity.clearTask}
              onClick={() => onChange({ task: undefined })}
            >
              <Icon name="close" size={12} />
            </button>
          </span>
        ) : null}
        <IconButton
          icon={held ? "play" : "pause"}
          label={held ? text.activity.resume : text.activity.pause}
          aria-pressed={held}
          className={styles.pause}
          onClick={() => (held ? onRelease() : onHold())}
        />
      </search>
    </div>
  );
});

interface TypesMenuProps extends Pick<FilterBarProps, "onChange"> {
  types: readonly EventType[];
  raw: boolean;
}

/** The types of events one by one, and whether each event has a row of its own. */
function TypesMenu({ types, raw, onChange }: TypesMenuProps) {
  const [open, setOpen] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  const id = useId();
  useDismissal(
    menu,
    () => open,
    () => setOpen(false),
  );
  const toggle = (type: EventType) => {
    const next = EVENT_TYPES.filter((one) => (one === type) !== types.includes(one));
    onChange({ types: next.join(",") || undefined });
  };
  return (
    <div className={styles.menu} ref={menu}>
      <button
        type="button"
        className={`${styles.chip} ${styles.menuButton}`}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <Icon name="filter" size={14} />
        {text.activity.filter}
      </button>
      <div id={id} className={styles.menuBody} data-open={open}>
        <fieldset className={styles.choices} aria-label={text.activity.types}>
          {EVENT_TYPES.map((type) => (
            <label key={type}>
              <input type="checkbox" checked={types.includes(type)} onChange={() => toggle(type)} />
              <span className={styles[`tone-${type}`]}>
                <EventGlyph type={type} />
              </span>
              {text.eventType[type]}
            </label>
          ))}
        </fieldset>
        <label className={styles.rawChoice}>
          <input type="checkbox" checked={raw} onChange={() => onChange({ raw: raw ? undefined : true })} />
          {text.activity.raw}
        </label>
      </div>
    </div>
  );
}

function SearchField({ value, onChange }: { value: string; onChange(value: string): void }) {
  const [typed, setTyped] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  const sent = useRef(value);
  useEffect(() => {
    // Changed from outside: by going back, say, or clearing all filters.
    if (value !== sent.current) {
      sent.current = value;
      setTyped(value);
    }
  }, [value]);
  useEffect(() => {
    if (typed === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = typed;
      onChange(typed);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, onChange]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "/" || !isPageKey(event)) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <label className={`${styles.search} ${toolbar.field}`}>
      <Icon name="search" size={14} />
      <span className="visually-hidden">{text.activity.search}</span>
      <input
        ref={field}
        type="search"
        value={typed}
        placeholder={text.activity.search}
        onChange={(event) => setTyped(event.target.value)}
      />
    </label>
  );
}
