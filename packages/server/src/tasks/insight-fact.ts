import type { AttemptOutcome, Usage } from "@mission-control/protocol";
import type { Decision, TaskState } from "./change.ts";
import { type Attempt, isOver, type Task } from "./task.ts";

/** Something to be counted, as it is known in the commit that it happened in: nothing of it can be read again later. */
export interface InsightFact {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly agentId: string;
  readonly tags: readonly string[];
  readonly ended?: EndedFact | undefined;
  /** What was used beyond what was reported before; less than nothing where an agent corrects itself. */
  readonly used?: UsedFact | undefined;
  /** How long a human was waited for, in milliseconds. */
  readonly waitedMs?: number | undefined;
}

/** That an attempt ended. Durations are in milliseconds. */
export interface EndedFact {
  readonly outcome: AttemptOutcome;
  readonly taskId: string;
  /** Why, where it ended badly. */
  readonly reason?: string | undefined;
  /** Until it was sent; absent where it never was. */
  readonly queuedMs?: number | undefined;
  /** From acceptance to the end; absent where nobody accepted it. */
  readonly workedMs?: number | undefined;
  /** What its agent never reported of an attempt that it accepted: its cost, its tokens. */
  readonly untold?: readonly ("cost" | "tokens")[] | undefined;
}

export interface UsedFact {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** By currency. */
  readonly costs?: Readonly<Record<string, number>>;
}

/**
 * What a decision adds to the counts: an attempt's end, what it used, and how long a human was waited for; null for
 * nothing, as with most reports of progress.
 */
export function insightFactOf(before: TaskState, decision: Decision, at: string): InsightFact | null {
  const { attempt } = decision;
  const task = decision.task ?? before.task;
  if (!task) return null;
  const ended = attempt && isOver(attempt) && !(before.attempt && isOver(before.attempt));
  const used = attempt && usedBeyond(before.attempt?.usage, attempt.usage);
  const waitedMs = decision.task && waitOver(before.task, decision.task, at);
  if (!ended && !used && waitedMs === undefined) return null;
  const agentId = attempt?.agentId ?? task.agentId;
  if (agentId === null) return null;
  const { tags } = task;
  return { at, agentId, tags, ended: ended ? endedFact(attempt) : undefined, used, waitedMs };
}

/** How an attempt ended that is over. */
export function endedFact(attempt: Attempt): EndedFact {
  const { state, taskId, error, queuedAt, sentAt, acceptedAt, endedAt } = attempt;
  const outcome = state as AttemptOutcome;
  return {
    outcome,
    taskId,
    reason: outcome === "completed" || outcome === "cancelled" ? undefined : error,
    queuedMs: between(queuedAt, sentAt),
    workedMs: between(acceptedAt, endedAt),
    untold: acceptedAt === null ? undefined : untoldOf(attempt),
  };
}

function untoldOf({ usage }: Attempt): EndedFact["untold"] {
  const untold: ("cost" | "tokens")[] = [];
  if (usage?.cost === undefined) untold.push("cost");
  if (usage?.inputTokens === undefined && usage?.outputTokens === undefined) untold.push("tokens");
  return untold.length === 0 ? undefined : untold;
}

/** What was used more than before; undefined where nothing moved. */
export function usedBeyond(before: Usage | undefined, after: Usage | undefined): UsedFact | undefined {
  if (before === after || !after) return undefined;
  const inputTokens = (after.inputTokens ?? 0) - (before?.inputTokens ?? 0);
  const outputTokens = (after.outputTokens ?? 0) - (before?.outputTokens ?? 0);
  const costs: Record<string, number> = {};
  if (before?.cost) costs[before.cost.currency] = -before.cost.amount;
  if (after.cost) costs[after.cost.currency] = (costs[after.cost.currency] ?? 0) + after.cost.amount;
  const changed = Object.entries(costs).filter(([, amount]) => amount !== 0);
  if (inputTokens === 0 && outputTokens === 0 && changed.length === 0) return undefined;
  return { inputTokens, outputTokens, costs: Object.fromEntries(changed) };
}

/** A question that was answered, or a result that was looked at. */
function waitOver(before: Task | null, after: Task, at: string): number | undefined {
  const waiting = before?.waiting;
  if (!waiting || waiting === after.waiting) return undefined;
  if (waiting.kind !== "question" && waiting.kind !== "review") return undefined;
  return between(waiting.since, at);
}

/** Never negative: a clock that was set back measures nothing. */
function between(from: string | null, to: string | null): number | undefined {
  if (from === null || to === null) return undefined;
  return Math.max(0, Date.parse(to) - Date.parse(from));
}
