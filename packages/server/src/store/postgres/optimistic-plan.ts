import type { TaskLimits } from "../../tasks/limits.ts";
import type { Attempt, Task } from "../../tasks/task.ts";
import { framePieces, placedFrame } from "../event-frame.ts";
import type { ChangeResult, Operation, Outcome } from "../operations.ts";
import { plan } from "../plan.ts";
import type { EventRow, Rows } from "../rows.ts";
import type { WorkingSet } from "../working-set.ts";
import type { Kept, KeptTask, KeptTasks } from "./kept-tasks.ts";
import { writing } from "./row-writer.ts";
import { prepared, type Statement } from "./statement.ts";
import { NotLoadedError } from "./working-set.ts";

/** Fails where it turns out to be otherwise: by a division by zero. */
const unless = (condition: string) => `1 / (${condition})::int`;
/** As `lockHead`, where the log is not older than it was. */
const lockHeadFrom = prepared("lock_head_from", `SELECT ${unless("newest >= $1")} FROM log_head FOR UPDATE`);
const requireRevisions = prepared(
  "require_revisions",
  `SELECT ${unless("count(*) = $5")} FROM (
     SELECT FROM unnest($1::bigint[], $2::xid[]) AS kept (seq, revision) JOIN task_live USING (seq)
     WHERE task_live.xmin = kept.revision
     UNION ALL
     SELECT FROM unnest($3::text[], $4::xid[]) AS kept (id, revision) JOIN attempts USING (id)
     WHERE attempts.xmin = kept.revision
   ) AS unchanged`,
);

/** A commit that was planned on what is kept here, for a database that makes it if all of that is still so. */
export interface OptimisticPlan {
  /** Positions in them, and in the rows, are counted from 1: the database says where the log goes on. */
  outcomes: readonly Outcome[];
  rows: Rows;
  /** To be sent behind one Sync, which commits them if none failed. */
  statements: readonly Statement[];
}

/**
 * Plans a commit without reading anything, on tasks as this node's last commits left them.
 *
 * The database refuses it, and nothing of it is done, where a task or an attempt that was looked at was written
 * meanwhile, or the key of a change was used before: receipts are not looked for, and written in the hope that they are new.
 * So every change has to have a key, and to write its receipt and its task; what does nothing would go unproven.
 * @param oldest the log is refused if it ends before this event
 * @returns null where one of the operations is not of that kind, or looks at more than is kept
 * @see H. T. Kung, J. T. Robinson: On Optimistic Methods for Concurrency Control (1981)
 */
export function planOptimistically(
  kept: KeptTasks,
  operations: readonly Operation[],
  limits: TaskLimits,
  oldest: number,
): OptimisticPlan | null {
  const tasks = new Map<string, KeptTask>();
  for (const operation of operations) {
    if (operation.kind !== "change" || !operation.key) return null;
    const task = kept.get(operation.change.taskId);
    if (!task) return null;
    tasks.set(task.value.id, task);
  }
  const workingSet = new KeptWorkingSet(tasks);
  const { outcomes, rows } = plan(workingSet, operations, limits);
  if (!outcomes.every(isAnnounced) || !isOfChangesAlone(rows)) return null;
  if (rows.tasks.length < tasks.size) return null;
  const known = [...tasks.values()];
  const attempts = [...workingSet.attempts];
  const statements = [
    lockHeadFrom(oldest),
    requireRevisions(
      known.map(({ seq }) => Number(seq)),
      known.map(({ revision }) => Number(revision)),
      attempts.map(({ value }) => value.id),
      attempts.map(({ revision }) => Number(revision)),
      known.length + attempts.length,
    ),
    ...writing(rows, (id) => tasks.get(id) ?? null),
  ];
  return { outcomes, rows, statements };
}

/** What came of a commit that was made, as it stands in the log. @param before id of the newest event before it */
export function placed(
  { outcomes, rows }: OptimisticPlan,
  before: number,
): { outcomes: Outcome[]; events: EventRow[] } {
  return {
    outcomes: outcomes.map((outcome) => {
      const { eventId, ...result } = (outcome as { value: ChangeResult }).value;
      return { value: { ...result, eventId: before + (eventId as number) } };
    }),
    events: rows.events.map((event) => {
      const id = before + event.id;
      return { ...event, id, frame: placedFrame(id, framePieces(event.id, event.frame)) };
    }),
  };
}

/** Whether an outcome is of a change that announced something, which comes with a receipt. */
function isAnnounced(outcome: Outcome): boolean {
  return "value" in outcome && (outcome.value as ChangeResult).eventId !== null;
}

/** Whether it is no more than changes of tasks and attempts write that are there; positions stand nowhere else in it. */
function isOfChangesAlone({ tasks, events, ...rows }: Rows): boolean {
  const { attempts: _attempts, facts: _facts, ...others } = rows;
  return (
    tasks.every(({ isKnown }) => isKnown) &&
    events.every(({ change }) => !change?.commands) &&
    Object.values(others).every(({ length }) => length === 0)
  );
}

/** The tasks that are kept, which the plan of one commit looks at, and those attempts of them that it did look at. */
class KeptWorkingSet implements WorkingSet {
  readonly nextEventId = 1;
  /** Those that were looked at. */
  readonly attempts = new Set<Kept<Attempt>>();
  readonly #tasks: ReadonlyMap<string, KeptTask>;
  readonly #attempts: ReadonlyMap<string, Kept<Attempt>>;

  constructor(tasks: ReadonlyMap<string, KeptTask>) {
    this.#tasks = tasks;
    this.#attempts = new Map([...tasks.values()].flatMap(({ attempts }) => [...attempts]));
  }

  task(id: string): Task {
    return this.#tasks.get(id)?.value ?? notKept();
  }

  attempt(id: string): Attempt {
    const kept = this.#attempts.get(id) ?? notKept();
    this.attempts.add(kept);
    return kept.value;
  }

  receipt(): null {
    return null;
  }

  attemptsOf = notKept;
  message = notKept;
  record = notKept;
  agents = notKept;
  underWay = notKept;
  queued = notKept;
  fence = notKept;
}

function notKept(): never {
  throw new NotLoadedError("The plan looks at what is not kept.");
}
