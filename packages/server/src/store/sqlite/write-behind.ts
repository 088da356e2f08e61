import type { DatabaseSync } from "node:sqlite";
import { foldEvent } from "@mission-control/protocol/task-fold";
import type { AttemptTable } from "./attempt-table.ts";
import type { EventLog } from "./event-log.ts";
import type { ReceiptTable } from "./receipt-table.ts";
import type { TaskTable } from "./task-table.ts";

/** Events after which the rest follows: enough to make its pages worth writing. */
const BATCH_EVENTS = 2048;

/**
 * A callback's commit writes little more than its event, at the end of the log. What can be told from the log — its
 * indexes, receipts, what tasks and attempts have become by their events, the search's index — follows in batches, which
 * touch each page once instead of once a callback; until then it is in memory. A batch is written in steps, each in
 * a commit of its own: in one, it would keep everybody waiting. What reads any of it from the database asks for it first
 * ({@link request}), and a crash loses nothing of it: {@link recover} reads it from the log's tail, which begins behind
 * what the indexes know. So they are completed last, up to where all else is there.
 */
export class WriteBehind {
  readonly #log: EventLog;
  readonly #receipts: ReceiptTable;
  readonly #tasks: TaskTable;
  readonly #attempts: AttemptTable;
  #requested = false;
  /** The next step of the batch; 0 while none has begun. */
  #step = 0;
  #committedStep = 0;
  /** The batch's last event, known once all its receipts are written. */
  #upTo = 0;

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
    if (this.#requested) this.#writeAll();
    else if (this.#step > 0 || this.#log.unindexed >= BATCH_EVENTS) this.#writeStep();
    else this.#writeMany();
  }

  #writeAll(): void {
    this.#receipts.write();
    this.#writeWork();
    this.#log.index(this.#log.written);
    this.#step = 0;
  }

  #writeStep(): void {
    switch (this.#step++) {
      case 0:
        this.#receipts.write(Math.ceil(this.#receipts.waiting / 2));
        this.#writeMany();
        break;
      case 1:
        this.#receipts.write();
        this.#upTo = this.#log.written;
        this.#writeMany();
        break;
      case 2:
        this.#writeWork();
        this.#log.index(Math.floor((this.#log.indexed + this.#upTo) / 2));
        break;
      default:
        this.#log.index(this.#upTo);
        this.#step = 0;
        this.#writeMany();
    }
  }

  /** Of what tasks and attempts have become, what is enough to be written together. */
  #writeMany(): void {
    this.#tasks.writeMany();
    this.#attempts.writeMany();
  }

  /** What tasks and attempts have become. */
  #writeWork(): void {
    this.#tasks.writeWaiting();
    this.#attempts.writeWaiting();
  }

  committed(): void {
    this.#log.committed();
    this.#receipts.committed();
    this.#tasks.committed();
    this.#attempts.committed();
    this.#requested = false;
    this.#committedStep = this.#step;
  }

  rolledBack(): void {
    this.#log.rolledBack();
    this.#receipts.rolledBack();
    this.#tasks.rolledBack();
    this.#attempts.rolledBack();
    this.#requested = false;
    this.#step = this.#committedStep;
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
