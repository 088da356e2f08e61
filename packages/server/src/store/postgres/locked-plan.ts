import type { Client, QueryResult } from "pg";
import type { TaskLimits } from "../../tasks/limits.ts";
import { needsOf } from "../needs.ts";
import type { Operation, Outcome } from "../operations.ts";
import { plan } from "../plan.ts";
import type { Rows } from "../rows.ts";
import { lockHead } from "./log-head.ts";
import { writing } from "./row-writer.ts";
import { batch, type Statement } from "./statement.ts";
import { LoadedWorkingSet, type Loading } from "./working-set.ts";

/** So often a group is planned again with what it turned out to look at. Each round finds at least one thing. */
const MAX_PLANS = 16;

/** A commit that is planned in a transaction that holds the log's head: nothing that it looked at can change any more. */
export interface LockedPlan {
  outcomes: readonly Outcome[];
  rows: Rows;
  /** To be sent before the `COMMIT`. */
  statements: readonly Statement[];
  workingSet: LoadedWorkingSet;
}

/** A transaction that holds the log's head. */
export interface HeldHead {
  client: Client;
  /** Id of the newest event. */
  newest: number;
  workingSet: LoadedWorkingSet;
}

/** Begins a transaction that holds the log's head, and loads in the same round trip what operations are known to need. */
export async function holdHead(client: Client, operations: readonly Operation[]): Promise<HeldHead> {
  const workingSet = new LoadedWorkingSet();
  const loading = workingSet.loading(needsOf(operations));
  const [, locked, ...answers] = await batch(client, ["BEGIN", lockHead(), ...statementsOf(loading)]);
  const newest = Number(locked?.rows[0]?.newest);
  workingSet.nextEventId = newest + 1;
  take(loading, answers);
  return { client, newest, workingSet };
}

/** Plans operations, and loads what they need beyond what is there. */
export async function planLocked(
  { client, workingSet }: HeldHead,
  operations: readonly Operation[],
  limits: TaskLimits,
): Promise<LockedPlan> {
  for (let round = 0; round < MAX_PLANS; round++) {
    const { outcomes, rows } = plan(workingSet, operations, limits);
    const missing = workingSet.takeMissing();
    if (!missing) {
      const statements = writing(rows, (id) => workingSet.known(id));
      return { outcomes, rows, statements, workingSet };
    }
    await load(client, workingSet.loading(missing));
  }
  throw new Error("A plan looked at more and more, and was given up.");
}

/** Loads what operations are known to need. */
export function loadFor({ client, workingSet }: HeldHead, operations: readonly Operation[]): Promise<void> {
  return load(client, workingSet.loading(needsOf(operations)));
}

async function load(client: Client, loading: readonly Loading[]): Promise<void> {
  if (loading.length > 0) take(loading, await batch(client, statementsOf(loading)));
}

function statementsOf(loading: readonly Loading[]): Statement[] {
  return loading.map(({ statement }) => statement);
}

function take(loading: readonly Loading[], answers: readonly QueryResult[]): void {
  for (const [index, { take }] of loading.entries()) take(answers[index] as QueryResult);
}
