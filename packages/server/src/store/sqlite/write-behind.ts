import type { DatabaseSync } from "node:sqlite";
import { foldEvent } from "@mission-control/protocol/task-fold";
import type { AttemptTable } from "./attempt-table.ts";
import type { EventLog } from "./event-log.ts";
import type { ReceiptTable } from "./receipt-table.ts";
import type { TaskTable } from "./task-table.ts";

/** Events after which the rest follows: enough to make its pages worth writing, few enough to keep commits short. */
const BATCH_EVENTS = 2048;

/**
 * A callback's commit writes little more than its event, at the end of the log. What can be told from the log — its
 * indexes, receipts, what tasks and attempts have become by their events, the search's index — follows in batches, which
 * touch each page once instead of once a callback; until then it is in memory. What reads it from the database asks for it first ({@link request}), and a
 * crash loses nothing of it: {@link recover} reads it from the log's tail.
 */
export class WriteBehind {
  readonly #log: EventLog;
  readonly #receipts: ReceiptTable;
  readonly #tasks: TaskTable;
  readonly #attempts: AttemptTable;
  #requested = false;

  constructor(parts: { log: EventLog; receipts: ReceiptTable; tasks: TaskTable; attempts: AttemptTable }) {
    this.#log = parts.log;
    this.#receipts = parts.receipts;
    this.#tasks = parts.tasks;
    this.#attempts = parts.attempts;
  }

  /** Whether the database is behind the log. */
  get isBehind(): boolean {
    return this.#log.unindexed > 0;
  }

  /** The surrounding commit brings the database up to date. */
  request(): void {
    this.#requested = true;
  }

  /** The last work of every commit. */
  beforeCommit(): void {
    if (this.#log.unindexed < BATCH_EVENTS && !this.#requested) {
      this.#tasks.writeMany();
      this.#attempts.writeMany();
      return;
    }
    this.#log.index();
    this.#receipts.write();
    this.#tasks.writeWaiting();
    this.#attempts.writeWaiting();
  }

  committed(): void {
    this.#log.committed();
    this.#receipts.committed();
    this.#tasks.committed();
    this.#attempts.committed();
    this.#requested = false;
  }

  rolledBack(): void {
    this.#log.rolledBack();
    this.#receipts.rolledBack();
    this.#tasks.rolledBack();
    this.#attempts.rolledBack();
    this.#requested = false;
  }

  /** After a start: does for the log's tail what an earlier process did not come to. */
  recover(db: DatabaseSync): void {
    if (!this.isBehind) return;
    db.exec("BEGIN IMMEDIATE");
    for (const { event, receipt, attempt } of this.#log.tail()) {
      if (receipt) this.#receipts.add(receipt.key, receipt.receipt);
      if (attempt) this.#attempts.catchUp(attempt, event.id);
      const entry = event.taskId === undefined ? null : this.#tasks.entry(event.taskId);
      if (!entry) continue;
      if (event.type === "task") this.#tasks.searchAnew(entry.task.id);
      if (event.id <= entry.asOf) continue;
      const task = foldEvent(entry.task, event);
      // What an event does not say was written with its commit.
      if (typeof task !== "string" && task !== entry.task) this.#tasks.updateLater(task, event.id);
    }
    this.request();
    this.beforeCommit();
    db.exec("COMMIT");
    this.committed();
  }
}
