import { useNavigate } from "@tanstack/react-router";
import { useId } from "react";
import { useAgents } from "../../app/use-agents.ts";
import { webhooksText } from "../../text/webhooks-text.ts";
import { IconButton } from "../../ui/button.tsx";
import { FilterSheet } from "../../ui/filter-sheet.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import toolbar from "../../ui/toolbar.module.css";
import { useTaskTitle } from "../../ui/use-task-title.ts";
import styles from "./exchanges.module.css";
import type { ExchangeFilter } from "./use-exchanges.ts";
import { useEndpoints } from "./use-webhooks.ts";
import type { WebhooksSearch } from "./webhooks-search.ts";

const words = webhooksText.exchanges;

/** Which deliveries the list shows; all of it stands in the address. */
export function ExchangeFilters({ filter }: { filter: ExchangeFilter }) {
  const { direction, result, agent, task, attempt, endpoint, since } = filter;
  const navigate = useNavigate({ from: "/webhooks" });
  const agents = useAgents();
  const endpoints = useEndpoints();
  const title = useTaskTitle(task);
  const set = (name: keyof ExchangeFilter) => (value: string) => {
    void navigate({
      search: ({ [name]: _, ...now }) =>
        ({ ...now, ...(value === "" ? {} : { [name]: value }) }) as WebhooksSearch,
      replace: true,
    });
  };
  return (
    <div className={toolbar.toolbar}>
      <search className={`${toolbar.row} ${styles.bar}`} aria-label={words.filters}>
        <FilterSheet
          active={[direction, result, agent, endpoint, since].filter((one) => one !== undefined).length}
        >
          <Choice
            label={words.direction}
            any={words.anyDirection}
            options={Object.entries(words.ways)}
            value={direction}
            onChange={set("direction")}
          />
          <Choice
            label={words.result}
            any={words.anyResult}
            options={Object.entries(words.results)}
            value={result}
            onChange={set("result")}
          />
          <Choice
            label={words.agent}
            any={words.anyAgent}
            options={(agents.data ?? []).map(({ id, name }) => [id, name])}
            value={agent}
            onChange={set("agent")}
          />
          {(endpoints.data?.length ?? 0) > 0 || endpoint ? (
            <Choice
              label={words.endpoint}
              any={words.anyEndpoint}
              options={(endpoints.data ?? []).map(({ id, description, url }) => [id, description ?? url])}
              value={endpoint}
              onChange={set("endpoint")}
            />
          ) : null}
          <Choice
            label={words.since}
            any={words.anyTime}
            options={Object.entries(words.sinces)}
            value={since}
            onChange={set("since")}
          />
        </FilterSheet>
        {task ? <Chip words={words.ofTask(title ?? task)} onRemove={() => set("task")("")} /> : null}
        {attempt ? <Chip words={words.ofAttempt(attempt)} onRemove={() => set("attempt")("")} /> : null}
      </search>
    </div>
  );
}

interface ChoiceProps {
  label: string;
  /** The words of no choice. */
  any: string;
  options: readonly (readonly [value: string, label: string])[];
  value: string | undefined;
  onChange(value: string): void;
}

function Choice({ label, any, options, value = "", onChange }: ChoiceProps) {
  const id = useId();
  return (
    <label htmlFor={id}>
      {label}
      <select id={id} value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">{any}</option>
        {options.some(([option]) => option === value) || value === "" ? null : (
          <option value={value}>{value}</option>
        )}
        {options.map(([option, name]) => (
          <option key={option} value={option}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Chip({ words: label, onRemove }: { words: string; onRemove(): void }) {
  return (
    <span className={styles.chip}>
      <Foreign max={80}>{label}</Foreign>
      <IconButton icon="close" label={words.unfilter(label)} onClick={onRemove} />
    </span>
  );
}
