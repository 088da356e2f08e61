import type { TaskStatus } from "@mission-control/protocol";
import { useCallback, useState } from "react";
import { shelf } from "../../store/shelf.ts";

const KEY = "mission-control.columns";

/** Of a board of so few tasks, what was completed is most of what there is to see. */
const FEW_TASKS = 20;
/** Beside so many columns of tasks that somebody may have to look after, there is room for it. */
const FEW_COLUMNS = 2;
const LOOKED_AFTER = ["queued", "in_progress", "review", "failed"] as const satisfies readonly TaskStatus[];

/** What somebody chose for a column. */
type Choice = "open" | "folded";
export type Choices = Readonly<Partial<Record<TaskStatus, Choice>>>;

/**
 * Whether a column is a strip: one somebody folded, one that is empty, and those of tasks that rest, until they are
 * opened. Where new tasks come in stays open; so does what was completed while there is little else, and what was
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
  if (status === "completed") {
    return all > FEW_TASKS || LOOKED_AFTER.filter((one) => counts[one] > 0).length > FEW_COLUMNS;
  }
  return status === "cancelled" && counts.cancelled < all;
}

/** What somebody chose for the columns, kept in this browser. */
export function useColumnChoices(): [Choices, (status: TaskStatus, choice: Choice) => void] {
  const [choices, setChoices] = useState(read);
  const choose = useCallback((status: TaskStatus, choice: Choice) => {
    setChoices((before) => {
      const now = { ...before, [status]: choice };
      shelf.setItem(KEY, JSON.stringify(now));
      return now;
    });
  }, []);
  return [choices, choose];
}

function read(): Choices {
  try {
    const kept: unknown = JSON.parse(shelf.getItem(KEY) ?? "{}");
    return typeof kept === "object" && kept !== null ? kept : {};
  } catch {
    return {};
  }
}
