import type { TaskStatus } from "@mission-control/protocol";

/** What somebody can do to a task. */
export type TaskAction = "dispatch" | "cancel" | "approve" | "reject" | "edit" | "delete";

const ALLOWED: Record<TaskStatus, readonly TaskAction[]> = {
  pending: ["dispatch", "edit", "cancel", "delete"],
  queued: ["cancel", "edit"],
  in_progress: ["cancel", "edit"],
  review: ["approve", "reject", "edit", "cancel", "delete"],
  completed: ["dispatch", "edit", "delete"],
  failed: ["dispatch", "edit", "delete"],
  cancelled: ["dispatch", "edit", "delete"],
};

/** What the rules allow for a task in a state; the server has the last word. */
export function allowedActions(status: TaskStatus): readonly TaskAction[] {
  return ALLOWED[status];
}

/** What moving a card from one column to another asks for; null where that means nothing. */
export function moveAction(from: TaskStatus, to: TaskStatus): TaskAction | null {
  if (from === to) return null;
  const wanted = wantedBy(from, to);
  return wanted && ALLOWED[from].includes(wanted) ? wanted : null;
}

function wantedBy(from: TaskStatus, to: TaskStatus): TaskAction | null {
  switch (to) {
    case "queued":
    case "in_progress":
      return from === "review" ? "reject" : "dispatch";
    case "completed":
      return "approve";
    case "cancelled":
      return "cancel";
    default:
      return null;
  }
}
