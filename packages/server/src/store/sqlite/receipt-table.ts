import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ChangeResult, Receipt } from "../store.ts";

const PRUNE_ROWS = 500;

/** The first answer to a change, kept to answer its repeats. */
export interface KeptAnswer extends Pick<ChangeResult, "eventId" | "taskStatus" | "task" | "refusal"> {
  fingerprint?: string | undefined;
}

/** Receipts of one scope stand side by side, so that a busy agent's are written to one page. */
function keyOf({ scope, key }: Receipt): string {
  return `${scope} ${key}`;
}

/** Receipts by key, removed oldest first. */
export class ReceiptTable {
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #oldest: StatementSync;
  readonly #prune: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare("SELECT event_id, task_status, more FROM receipts WHERE key = ?");
    this.#insert = db.prepare(
      "INSERT OR IGNORE INTO receipts (key, at, event_id, task_status, more) VALUES (?, ?, ?, ?, ?)",
    );
    this.#oldest = db.prepare("SELECT seq, at FROM receipts ORDER BY seq LIMIT 1");
    this.#prune = db.prepare("DELETE FROM receipts WHERE seq < ? AND at < ?");
  }

  get(receipt: Receipt): KeptAnswer | null {
    const row = this.#select.get(keyOf(receipt));
    if (!row) return null;
    const more = row.more === null ? {} : (JSON.parse(String(row.more)) as Partial<KeptAnswer>);
    const eventId = row.event_id === null ? null : Number(row.event_id);
    return { eventId, taskStatus: row.task_status as KeptAnswer["taskStatus"], task: null, ...more };
  }

  /** Keeps an answer; false, without a change, when the receipt has one already. */
  add(receipt: Receipt, at: string, { eventId, taskStatus, ...more }: KeptAnswer): boolean {
    const plain = more.task === null && !more.refusal && more.fingerprint === undefined;
    const kept = this.#insert.run(
      keyOf(receipt),
      at,
      eventId,
      taskStatus,
      plain ? null : JSON.stringify(more),
    );
    return kept.changes === 1;
  }

  /** Removes at most {@link PRUNE_ROWS} of the oldest receipts; says whether more may be left. */
  prune(before: string): boolean {
    const oldest = this.#oldest.get();
    if (!oldest || String(oldest.at) >= before) return false;
    this.#prune.run(Number(oldest.seq) + PRUNE_ROWS, before);
    return true;
  }
}
