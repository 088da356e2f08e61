import { useMemo } from "react";
import { useAgents } from "../../app/use-agents.ts";
import { useLiveVersion, useMission } from "../../app/use-mission.ts";
import { boardText } from "../../text/board-text.ts";
import { text } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { FilterSheet } from "../../ui/filter-sheet.tsx";
import toolbar from "../../ui/toolbar.module.css";
import { SaveView } from "../../views/save-view.tsx";
import styles from "./board.module.css";
import type { BoardSearch } from "./board-search.ts";

interface FiltersProps {
  search: BoardSearch;
  onChange(changes: { [Key in keyof BoardSearch]?: BoardSearch[Key] | undefined }): void;
}

/** What the board shows, and how. */
export function BoardFilters({ search, onChange }: FiltersProps) {
  const mission = useMission();
  const agents = useAgents();
  const version = useLiveVersion();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the state of the stores
  const tags = useMemo(
    () => [...new Set(mission.tasks.all().flatMap((task) => task.tags))].sort(),
    [mission, version],
  );
  const clear = { q: undefined, agent: undefined, tag: undefined };
  return (
    <div className={toolbar.toolbar}>
      <search className={toolbar.row}>
        <input
          type="search"
          aria-label={text.board.search}
          placeholder={text.board.search}
          value={search.q ?? ""}
          onChange={(event) => onChange({ q: event.target.value || undefined })}
        />
        <FilterSheet active={Number(search.agent !== undefined) + Number(search.tag !== undefined)}>
          <select
            aria-label={text.activity.agent}
            value={search.agent ?? ""}
            onChange={(event) => onChange({ agent: event.target.value || undefined })}
          >
            <option value="">{text.activity.anyAgent}</option>
            {agents.data?.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
          {tags.length > 0 || search.tag ? (
            <select
              aria-label={text.board.tag}
              value={search.tag ?? ""}
              onChange={(event) => onChange({ tag: event.target.value || undefined })}
            >
              <option value="">{text.board.anyTag}</option>
              {[...new Set([...tags, ...(search.tag ? [search.tag] : [])])].map((tag) => (
                <option key={tag} value={tag}>
                  {tag}
                </option>
              ))}
            </select>
          ) : null}
          {search.q || search.agent || search.tag ? (
            <Button kind="quiet" onClick={() => onChange(clear)}>
              {text.activity.clear}
            </Button>
          ) : null}
          {search.q || search.agent || search.tag || search.view ? <SaveView page="board" /> : null}
          <fieldset className={`${styles.views} ${toolbar.end}`} aria-label={boardText.view.label}>
            {(["columns", "list"] as const).map((view) => (
              <button
                key={view}
                type="button"
                aria-pressed={(search.view ?? "columns") === view}
                onClick={() => onChange({ view: view === "list" ? view : undefined })}
              >
                {boardText.view[view]}
              </button>
            ))}
          </fieldset>
        </FilterSheet>
        <Button className={toolbar.wide} onClick={() => onChange({ create: "many" })}>
          {text.taskForm.many}
        </Button>
        <Button
          kind="primary"
          icon="plus"
          className={toolbar.last}
          onClick={() => onChange({ create: "one" })}
        >
          {text.taskForm.create}
        </Button>
      </search>
    </div>
  );
}
