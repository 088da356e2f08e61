import type { TaskStatus } from "@mission-control/protocol";
import { useCallback, useState } from "react";

const KEY = "mission-control.columns";

/** Where tasks rest that nobody has to look after. */
const FINAL: ReadonlySet<TaskStatus> = new Set(["completed", "cancelled"]);

/** What somebody chose for a column. */
type Choice = "open" | "folded";
export type Choices = Readonly<Partial<Record<TaskStatus, Choice>>>;

/**
 * Whether a column is a strip: one somebody folded, one that is empty, and those of tasks that rest, until they are
 * opened. Where new tasks come in stays open.
 */
export function isFolded(status: TaskStatus, tasks: number, choices: Choices): boolean {
  const choice = choices[status];
  if (choice) return choice === "folded";
  return status !== "pending" && (tasks === 0 || FINAL.has(status));
}

/** What somebody chose for the columns, kept in this browser. */
export function useColumnChoices(): [Choices, (status: TaskStatus, choice: Choice) => void] {
  const [choices, setChoices] = useState(read);
  const choose = useCallback((status: TaskStatus, choice: Choice) => {
    setChoices((before) => {
      const now = { ...before, [status]: choice };
      localStorage.setItem(KEY, JSON.stringify(now));
      return now;
    });
  }, []);
  return [choices, choose];
}

function read(): Choices {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return typeof kept === "object" && kept !== null ? kept : {};
  } catch {
    return {};
  }
}
