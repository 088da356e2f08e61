import type { TaskSummary } from "@mission-control/protocol";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useMemo, useState } from "react";
import { fuzzyScore } from "../text/fuzzy.ts";
import { text } from "../text/text.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Foreign } from "../ui/foreign.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";
import styles from "./overlays.module.css";
import { PAGES } from "./pages.ts";
import { theme } from "./theme.ts";
import { useAgents } from "./use-agents.ts";
import { useMission } from "./use-mission.ts";

interface Command {
  id: string;
  icon: IconName;
  name: string;
  kind: string;
  run(): void;
}

const MOST_SHOWN = 50;
const SEARCH_AFTER_MS = 200;

/** Goes anywhere and starts anything by a few letters. */
export default function CommandPalette({ onClose }: { onClose(): void }) {
  const mission = useMission();
  const agents = useAgents();
  const navigate = useNavigate();
  const router = useRouter();
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState(0);
  const found = useServerSearch(typed);
  const commands = useMemo<Command[]>(
    () => [
      ...PAGES.map(({ to, icon, label }) => ({
        id: to,
        icon,
        name: label,
        kind: text.palette.page,
        run: () => void navigate({ to }),
      })),
      {
        id: "new",
        icon: "plus",
        name: text.taskForm.create,
        kind: text.palette.action,
        run: () => void navigate({ to: "/board", search: { create: "one" } }),
      },
      {
        id: "many",
        icon: "plus",
        name: text.taskForm.many,
        kind: text.palette.action,
        run: () => void navigate({ to: "/board", search: { create: "many" } }),
      },
      {
        id: "agent",
        icon: "plus",
        name: text.agents.add,
        kind: text.palette.action,
        run: () => void navigate({ to: "/agents", search: { add: true } }),
      },
      {
        id: "gateway",
        icon: "plus",
        name: text.gateways.add,
        kind: text.palette.action,
        run: () => void navigate({ to: "/gateways", search: { add: true } }),
      },
      ...(["light", "dark", "system"] as const).map(
        (value): Command => ({
          id: `theme-${value}`,
          icon: "display",
          name: text.palette.theme(text.theme[value]),
          kind: text.palette.action,
          run: () => theme.choose(value),
        }),
      ),
      ...(agents.data ?? []).map(
        (agent): Command => ({
          id: agent.id,
          icon: "agents",
          name: agent.name,
          kind: text.palette.agent,
          run: () => void navigate({ to: "/agents", search: { agent: agent.id } }),
        }),
      ),
    ],
    [agents.data, navigate],
  );
  const needle = typed.trim().toLowerCase();
  const tasks = mission.tasks
    .all()
    .filter(({ id, title }) => needle !== "" && (fuzzyScore(needle, title) > 0 || id === needle));
  const known = new Set(tasks.map(({ id }) => id));
  const shown = [
    ...commands.filter(({ name }) => fuzzyScore(needle, name) > 0),
    ...[...tasks, ...found.filter(({ id }) => !known.has(id))].map(
      ({ id, title, status }): Command => ({
        id,
        icon: "board",
        name: title,
        kind: text.status[status],
        run: () => void router.navigate({ to: "/tasks/$taskId", params: { taskId: id } }),
      }),
    ),
  ]
    .sort((a, b) => fuzzyScore(needle, b.name) - fuzzyScore(needle, a.name))
    .slice(0, MOST_SHOWN);
  const at = Math.min(chosen, shown.length - 1);
  const run = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.run();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setChosen((at + 1) % Math.max(1, shown.length));
    else if (event.key === "ArrowUp") setChosen((at - 1 + shown.length) % Math.max(1, shown.length));
    else if (event.key === "Enter") run(shown[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={text.palette.title} onClose={onClose}>
      <input
        className={styles.input}
        role="combobox"
        aria-expanded="true"
        aria-controls="commands"
        aria-activedescendant={shown[at] ? `command-${at}` : undefined}
        aria-label={text.palette.title}
        placeholder={text.palette.hint}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setChosen(0);
        }}
        onKeyDown={onKey}
      />
      <div id="commands" role="listbox" aria-label={text.palette.title} className={styles.commands}>
        {shown.map((command, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys, as in any combobox
          <div
            key={command.id}
            id={`command-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            className={styles.command}
            onClick={() => run(command)}
            onMouseMove={() => setChosen(index)}
          >
            <Icon name={command.icon} size={14} />
            <span className={styles.name}>
              <Foreign max={120}>{command.name}</Foreign>
            </span>
            <span className={styles.kind}>{command.kind}</span>
          </div>
        ))}
      </div>
      {shown.length === 0 ? <p className={styles.kind}>{text.palette.nothing}</p> : null}
    </Dialog>
  );
}

type Found = Pick<TaskSummary, "id" | "title" | "status">;

/** Tasks this page has not loaded, found by the server. */
function useServerSearch(typed: string): Found[] {
  const mission = useMission();
  const [found, setFound] = useState<Found[]>([]);
  useEffect(() => {
    const q = typed.trim();
    if (q.length < 2) return setFound([]);
    const ended = new AbortController();
    const timer = setTimeout(() => {
      mission
        .loadTasks(String(new URLSearchParams({ q, limit: "10", sort: "updatedAt" })), ended.signal)
        .then(({ items }) => setFound(items))
        .catch(() => setFound([]));
    }, SEARCH_AFTER_MS);
    return () => {
      clearTimeout(timer);
      ended.abort();
    };
  }, [mission, typed]);
  return found;
}
