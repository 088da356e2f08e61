import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ChangeResult } from "../store.ts";

const PRUNE_ROWS = 500;

/** The first answer to a change, kept to answer its repeats. */
export interface KeptAnswer extends Pick<ChangeResult, "eventId" | "taskStatus" | "task" | "refusal"> {
  fingerprint?: string | undefined;
}

/** Receipts by key, removed oldest first. */
export class ReceiptTable {
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #oldest: StatementSync;
  readonly #prune: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare("SELECT answer FROM receipts WHERE key = ?");
    this.#insert = db.prepare("INSERT INTO receipts (key, at, answer) VALUES (?, ?, ?)");
    this.#oldest = db.prepare("SELECT seq, at FROM receipts ORDER BY seq LIMIT 1");
    this.#prune = db.prepare("DELETE FROM receipts WHERE seq < ? AND at < ?");
  }

  get(key: string): KeptAnswer | null {
    const row = this.#select.get(key);
    return row ? (JSON.parse(String(row.answer)) as KeptAnswer) : null;
  }

  add(key: string, at: string, answer: KeptAnswer): void {
    this.#insert.run(key, at, JSON.stringify(answer));
  }

  /** Removes at most {@link PRUNE_ROWS} of the oldest receipts; says whether more may be left. */
  prune(before: string): boolean {
    const oldest = this.#oldest.get();
    if (!oldest || String(oldest.at) >= before) return false;
    this.#prune.run(Number(oldest.seq) + PRUNE_ROWS, before);
    return true;
  }
}
