import { useLocation } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useMemo, useState } from "react";
import styles from "../app/overlays.module.css";
import { useLiveVersion, useMission } from "../app/use-mission.ts";
import { ActionDialog, type AskedAction } from "../tasks/action-dialog.tsx";
import type { TaskAction } from "../tasks/actions.ts";
import { useTaskActions } from "../tasks/use-task-actions.ts";
import { paletteText } from "../text/palette-text.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Foreign } from "../ui/foreign.tsx";
import { Icon } from "../ui/icon.tsx";
import { type Choice, indexOfChoice, stepFrom } from "./choice.ts";
import { ranked, searchedTasks } from "./ranking.ts";
import { readVisits, visitOf } from "./recent.ts";
import { type Command, type PaletteTask, useCommands } from "./use-commands.tsx";
import { useServerSearch } from "./use-server-search.ts";

const MOST_SHOWN = 50;
/** So many of the tasks this page knows are looked through: the latest. */
const TASKS_SEARCHED = 1_000;

interface Group {
  name: string;
  commands: readonly Command[];
}

/** Goes anywhere and does anything by a few letters. */
export default function CommandPalette({ onClose }: { onClose(): void }) {
  const mission = useMission();
  const actions = useTaskActions();
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState<Choice | null>(null);
  const [asked, setAsked] = useState<AskedAction | null>(null);
  const groups = useGroups(typed, (task, action) => void ask(task, action));
  const shown = groups.flatMap(({ commands }) => commands);
  const at = indexOfChoice(shown, chosen);

  async function ask({ id }: PaletteTask, action: TaskAction): Promise<void> {
    try {
      setAsked({ task: mission.tasks.get(id) ?? (await mission.readTask(id)), action });
    } catch (error) {
      mission.notices.error((error as Error).message);
      onClose();
    }
  }
  const run = (command: Command | undefined) => {
    if (!command) return;
    // An action asks for what it needs in its own dialog, which takes this one's place.
    if (!command.asks) onClose();
    command.run();
  };
  const onKey = (event: KeyboardEvent) => {
    // Such as the Enter that ends a word of Japanese.
    if (event.nativeEvent.isComposing) return;
    if (event.key === "ArrowDown") setChosen(stepFrom(shown, at, 1));
    else if (event.key === "ArrowUp") setChosen(stepFrom(shown, at, -1));
    else if (event.key === "Enter") run(shown[at]);
    else return;
    event.preventDefault();
  };
  useEffect(() => {
    document.getElementById(`command-${at}`)?.scrollIntoView({ block: "nearest" });
  }, [at]);
  if (asked) return <ActionDialog asked={asked} actions={actions} onClose={onClose} />;
  let index = 0;
  return (
    <Dialog title={paletteText.title} onClose={onClose}>
      <input
        className={styles.input}
        role="combobox"
        aria-expanded="true"
        aria-controls="commands"
        aria-activedescendant={shown[at] ? `command-${at}` : undefined}
        aria-label={paletteText.title}
        placeholder={paletteText.hint}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setChosen(null);
        }}
        onKeyDown={onKey}
      />
      <div id="commands" role="listbox" aria-label={paletteText.title} className={styles.commands}>
        {groups.map(({ name, commands }) => (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset is no part of a listbox
          <div key={name} role="group" aria-label={name}>
            {typed.trim() === "" ? (
              <div aria-hidden="true" className={styles.groupName}>
                {name}
              </div>
            ) : null}
            {commands.map((command) => {
              const place = index++;
              return (
                // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys, as in any combobox
                <div
                  key={command.id}
                  id={`command-${place}`}
                  role="option"
                  tabIndex={-1}
                  aria-selected={place === at}
                  className={styles.command}
                  onClick={() => run(command)}
                  onMouseMove={() => setChosen({ id: command.id, index: place })}
                >
                  <Icon name={command.icon} size={14} />
                  <span className={styles.name}>
                    <Foreign max={160}>{command.name}</Foreign>
                  </span>
                  <span className={styles.kind}>{command.kind}</span>
                </div>
              );
            })}
          </div>
        ))}
      </div>
      <p className={styles.kind}>{shown.length === 0 ? paletteText.nothing : paletteText.more}</p>
    </Dialog>
  );
}

/** What is shown: all that matches, the best first; where nothing is typed, what one would most likely want. */
function useGroups(typed: string, onAsk: (task: PaletteTask, action: TaskAction) => void): readonly Group[] {
  const mission = useMission();
  const version = useLiveVersion();
  const commands = useCommands(onAsk);
  const found = useServerSearch(typed);
  const location = useLocation();
  const [visits] = useState(readVisits);
  const here = visitOf(location.pathname, location.search);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the state of the stores
  const tasks = useMemo(
    () => searchedTasks<PaletteTask>(mission.tasks.all(), found, TASKS_SEARCHED),
    [mission, version, found],
  );
  useEffect(() => {
    for (const { kind, id } of visits) if (kind === "task" && !mission.tasks.get(id)) mission.loader.load(id);
  }, [mission, visits]);
  const { pages, saved, making, settings, agents, task, taskActions } = commands;
  if (typed.trim() !== "") {
    const all = [
      ...pages,
      ...saved,
      ...making,
      ...agents,
      ...settings,
      ...tasks.map(task),
      ...tasks.flatMap(taskActions),
    ];
    return [{ name: paletteText.title, commands: ranked(typed, all, MOST_SHOWN) }];
  }
  const shownTask = here?.kind === "task" ? mission.tasks.get(here.id) : undefined;
  const recent = visits.flatMap(({ kind, id }): Command[] => {
    if (kind === here?.kind && id === here.id) return [];
    if (kind === "agent") return agents.filter((agent) => agent.id === id);
    const known = mission.tasks.get(id);
    return known ? [task(known)] : [];
  });
  return [
    { name: paletteText.thisTask, commands: shownTask ? taskActions(shownTask) : [] },
    { name: paletteText.recent, commands: recent },
    { name: paletteText.goTo, commands: [...pages, ...saved] },
    { name: paletteText.action, commands: making },
    { name: paletteText.setting, commands: settings },
  ].filter((group) => group.commands.length > 0);
}
