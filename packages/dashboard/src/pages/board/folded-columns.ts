import type { TaskStatus } from "@mission-control/protocol";
import { useCallback, useState } from "react";

const KEY = "mission-control.columns";

/** A board of so few tasks has room for what was completed: it is most of what there is to see. */
const FEW_TASKS = 20;

/** What somebody chose for a column. */
type Choice = "open" | "folded";
export type Choices = Readonly<Partial<Record<TaskStatus, Choice>>>;

/**
 * Whether a column is a strip: one somebody folded, one that is empty, and those of tasks that rest, until they are
 * opened. Where new tasks come in stays open; so does what was completed while there are few tasks in all, and what was
 * cancelled while there is nothing else.
 * @param counts how many tasks each column has
 */
export function isFolded(
  status: TaskStatus,
  counts: Readonly<Record<TaskStatus, number>>,
  choices: Choices,
): boolean {
  const choice = choices[status];
  if (choice) return choice === "folded";
  if (status === "pending") return false;
  if (counts[status] === 0) return true;
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (status === "completed") return all > FEW_TASKS;
  return status === "cancelled" && counts.cancelled < all;
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
