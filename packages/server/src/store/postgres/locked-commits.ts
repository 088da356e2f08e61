import type { Client, QueryResult } from "pg";
import type { TaskLimits } from "../../tasks/limits.ts";
import { needsOf } from "../needs.ts";
import type { Operation, Outcome } from "../operations.ts";
import { plan } from "../plan.ts";
import type { Rows } from "../rows.ts";
import type { CommitConnection } from "./commit-connection.ts";
import type { CommitNotices } from "./commit-notices.ts";
import { ConnectionLostError, endsConnection } from "./engine-error.ts";
import type { KnownTask } from "./kept-tasks.ts";
import { lockHead, movedBy } from "./log-head.ts";
import type { LogMark } from "./log-mark.ts";
import { writing } from "./row-writer.ts";
import { batch, type Statement } from "./statement.ts";
import { LoadedWorkingSet, type Loading } from "./working-set.ts";

/** So often a group is planned again with what it turned out to look at. Each round finds at least one thing. */
const MAX_PLANS = 16;

/** A transaction that holds the log's head, so that nothing which is read in it can change before its end. */
interface HeldHead {
  /** Id of the newest event. */
  newest: number;
  workingSet: LoadedWorkingSet;
}

interface LockedPlan {
  outcomes: readonly Outcome[];
  rows: Rows;
  /** Id of the newest event before its own. */
  before: number;
  /** Gives a task as it was before. */
  known: (id: string) => KnownTask | null;
}

/** A commit that was made. */
export interface LockedCommit extends LockedPlan {
  /** Of all rows that it wrote; null where it is not known. */
  revision: string | null;
}

/**
 * Makes commits in two round trips: one locks the log's head and loads what the plan looks at, one writes what was planned
 * and commits. Where the head has to be waited for, it is locked first, and the other two follow.
 */
export class LockedCommits {
  readonly #connection: CommitConnection;
  readonly #limits: TaskLimits;
  readonly #mark: LogMark;
  readonly #notices: Pick<CommitNotices, "inCommit">;

  constructor(
    connection: CommitConnection,
    limits: TaskLimits,
    mark: LogMark,
    notices: Pick<CommitNotices, "inCommit">,
  ) {
    this.#connection = connection;
    this.#limits = limits;
    this.#mark = mark;
    this.#notices = notices;
  }

  /**
   * Makes one commit of the operations, or nothing of it.
   * @param more gives those that came while the head was waited for, which share the commit; null where it is not waited for
   * @throws what connecting or the database throws, or the fault of an operation
   */
  async make(
    operations: readonly Operation[],
    more: (() => readonly Operation[]) | null,
  ): Promise<LockedCommit> {
    const all = [...operations];
    const grow = more && (() => all.push(...more()));
    try {
      return await this.#makeOnce(all, grow);
    } catch (error) {
      // The connection ended before anything could be committed, perhaps long ago: a new one may well do.
      if (error instanceof ConnectionLostError) return this.#makeOnce(all, grow);
      throw error;
    }
  }

  /** @throws ConnectionLostError when it is certain that nothing was committed, and a new connection may do */
  async #makeOnce(operations: readonly Operation[], grow: (() => void) | null): Promise<LockedCommit> {
    const connection = this.#connection;
    const client = await connection.opened();
    let planned: LockedPlan;
    try {
      planned = await this.#plan(client, operations, grow);
    } catch (error) {
      if (endsConnection(error)) {
        await connection.abandon(client);
        throw new ConnectionLostError("The connection ended before the commit.", { cause: error });
      }
      await connection.rollBack(client);
      throw error;
    }
    const mark = connection.nextMark();
    const { rows, known } = planned;
    try {
      const statements = [...writing(rows, known), ...this.#notices.inCommit(rows.events)];
      const answers = await batch(client, [...statements, mark.statement, "COMMIT"]);
      return { ...planned, revision: movedBy(answers.slice(0, -2))?.revision ?? null };
    } catch (error) {
      // A connection that still answers has committed nothing: what failed is the COMMIT, or stands before it. On one whose
      // answer was late nothing more is asked: with `pipeline`, the driver destroys it when its time for an answer is over.
      if (await connection.rollBack(client)) throw error;
      if (await connection.wasCommitted(mark.number, error)) return { ...planned, revision: null };
      throw new ConnectionLostError("The connection ended, and the commit was not made.", { cause: error });
    }
  }

  /** Begins a transaction, loads and plans. */
  async #plan(
    client: Client,
    operations: readonly Operation[],
    grow: (() => void) | null,
  ): Promise<LockedPlan> {
    const { workingSet, newest: before } = await holdHead(client, grow ? [] : operations);
    if (before < this.#mark.newest) {
      // The tables were replaced by older ones under the connection: on a new one, ids go on behind those that were given.
      await this.#connection.abandon(client);
      throw new ConnectionLostError("The log is older than it was.");
    }
    if (grow) {
      grow();
      await load(client, workingSet.loading(needsOf(operations)));
    }
    for (let round = 0; round < MAX_PLANS; round++) {
      const { outcomes, rows } = plan(workingSet, operations, this.#limits);
      const missing = workingSet.takeMissing();
      if (!missing) return { outcomes, rows, before, known: (id) => workingSet.known(id) };
      await load(client, workingSet.loading(missing));
    }
    throw new Error("A plan looked at more and more, and was given up.");
  }
}

/** Begins a transaction that holds the log's head, and loads in the same round trip what operations are known to need. */
async function holdHead(client: Client, operations: readonly Operation[]): Promise<HeldHead> {
  const workingSet = new LoadedWorkingSet();
  const loading = workingSet.loading(needsOf(operations));
  const [, locked, ...answers] = await batch(client, ["BEGIN", lockHead(), ...statementsOf(loading)]);
  const newest = Number(locked?.rows[0]?.newest);
  workingSet.nextEventId = newest + 1;
  take(loading, answers);
  return { newest, workingSet };
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
