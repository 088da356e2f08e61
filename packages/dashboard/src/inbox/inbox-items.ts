import type { Inbox, InboxItem, InboxKind, TaskSummary } from "@mission-control/protocol";

/** What of the server's answer is shown. */
export type InboxSnapshot = Pick<Inbox, "items" | "counts" | "running">;

/** A task as the page knows it now; `deleted` where there is none any more, undefined where it was never here. */
export type TaskNow = (id: string) => TaskSummary | "deleted" | undefined;

/**
 * What waits now: the server's list, corrected by what the log has told of its tasks since, oldest first. What waits no
 * longer goes at once, and what has begun to wait is there at once; the server's next list says the rest.
 * @param moved tasks that events were about since the list was read
 */
export function currentInbox(snapshot: InboxSnapshot, moved: Iterable<string>, now: TaskNow): InboxItem[] {
  const items = new Map<string, InboxItem>();
  for (const item of snapshot.items) items.set(item.task.id, item);
  for (const id of moved) {
    const known = items.get(id);
    const task = now(id);
    if (task === undefined) continue;
    const next = task === "deleted" ? null : waitsNow(task, known);
    if (next) items.set(id, next);
    else items.delete(id);
  }
  return [...items.values()].sort(
    (one, other) => one.since.localeCompare(other.since) || one.task.id.localeCompare(other.task.id),
  );
}

/** What an item is known by, also by another tab or later: what waits again after it was dealt with is another item. */
export function inboxKey({ kind, task, request }: InboxItem): string {
  const asked = kind === "undelivered" ? task.undelivered?.requestId : request?.id;
  return [task.id, kind, task.dispatchId ?? "", asked ?? ""].join(" ");
}

/** How much waits on the whole: what is listed, and what the server has counted beyond its list. */
export function inboxCount({ items, counts }: InboxSnapshot, current: readonly InboxItem[]): number {
  const counted = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return current.length + Math.max(0, counted - items.length);
}

/** What a task waits with by its own state, as the server says it; since when, where only its log tells, by `known`. */
function waitsNow(task: TaskSummary, known: InboxItem | undefined): InboxItem | null {
  const { waitingFor, silence, undelivered } = task;
  const kind = kindOf(task);
  if (kind === null) return null;
  const goesOn =
    known?.kind === kind && known.task.dispatchId === task.dispatchId && known.request?.id === waitingFor?.id;
  const told = kind === "silent" ? silence : kind === "undelivered" ? undelivered : undefined;
  const since = told?.since ?? task.updatedAt;
  return {
    kind,
    task,
    since: goesOn && known ? known.since : since,
    ...(kind === "question" && waitingFor ? { request: waitingFor } : {}),
  };
}

function kindOf({ status, waitingFor, undelivered, silence }: TaskSummary): InboxKind | null {
  if (status === "review") return "review";
  if (status === "failed") return "failure";
  if (waitingFor) return "question";
  if (undelivered) return "undelivered";
  // What was accepted a moment ago need not trouble anybody yet.
  return silence && silence.state !== "not_responding" ? "silent" : null;
}
