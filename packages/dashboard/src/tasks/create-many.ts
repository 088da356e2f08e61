import type { TaskSummary } from "@mission-control/protocol";
import type { ApiClient } from "../api/client.ts";
import { taskCalls } from "../api/task-calls.ts";
import type { BulkTask } from "./parse-bulk.ts";

/** What became of a task that was to be made. */
export type Outcome = "done" | { failed: string };

/** What became of several, by their numbers from 0. */
export type Outcomes = ReadonlyMap<number, Outcome>;

interface CreateManyOptions {
  tasks: readonly BulkTask[];
  /** Tells this list from every other: sent again, none of its tasks is made twice. */
  batch: string;
  /** What became of them before: what is done is not sent again. */
  before: Outcomes;
  /** Called after each one. */
  onOutcome(outcomes: Outcomes): void;
  onCreated(task: TaskSummary): void;
}

/** Makes tasks in their order, one after the other; one that fails does not keep the next from being made. */
export async function createMany(
  api: Pick<ApiClient, "call">,
  { tasks, batch, before, onOutcome, onCreated }: CreateManyOptions,
): Promise<Outcomes> {
  let outcomes: Outcomes = before;
  for (const [index, task] of tasks.entries()) {
    if (outcomes.get(index) === "done") continue;
    const outcome = await create(api, task, `${batch}-${index}`, onCreated);
    outcomes = new Map(outcomes).set(index, outcome);
    onOutcome(outcomes);
  }
  return outcomes;
}

/** Whether all of so many tasks are made. */
export function areAllDone(outcomes: Outcomes, count: number): boolean {
  return Array.from({ length: count }, (_, index) => outcomes.get(index)).every((one) => one === "done");
}

async function create(
  api: Pick<ApiClient, "call">,
  task: BulkTask,
  idempotencyKey: string,
  onCreated: (task: TaskSummary) => void,
): Promise<Outcome> {
  try {
    const headers = { "idempotency-key": idempotencyKey };
    onCreated(await api.call<TaskSummary>({ ...taskCalls.create(task), headers }));
    return "done";
  } catch (error) {
    return { failed: (error as Error).message };
  }
}
