import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Receipt } from "../receipt.ts";
import { Waiting } from "./waiting.ts";

/** Further apart than this, rows stand in the order of their time; closer, they may be of one batch, in key order. */
const BATCH_ROWS = 4096;

/**
 * Receipts by key, removed oldest first. A new one is durable with the event that carries it; it waits in memory for
 * its place in the table.
 */
export class ReceiptTable {
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #ends: StatementSync;
  readonly #lastBefore: StatementSync;
  readonly #prune: StatementSync;
  readonly #waiting = new Waiting<Receipt>();

  constructor(db: DatabaseSync) {
    this.#select = db.prepare("SELECT answer FROM receipts WHERE key = ?");
    this.#insert = db.prepare("INSERT OR IGNORE INTO receipts (key, at, answer) VALUES (?, ?, ?)");
    this.#ends = db.prepare(
      "SELECT (SELECT min(seq) FROM receipts) AS first, (SELECT max(seq) FROM receipts) AS last",
    );
    this.#lastBefore = db.prepare(
      "SELECT max(seq) AS seq FROM (SELECT seq, at FROM receipts WHERE seq >= ? ORDER BY seq LIMIT ?) WHERE at < ?",
    );
    this.#prune = db.prepare(
      "DELETE FROM receipts WHERE seq IN (SELECT seq FROM receipts WHERE seq <= ? AND (at < ? OR seq < ?) ORDER BY seq LIMIT ?)",
    );
  }

  get(key: string): Receipt | null {
    const waiting = this.#waiting.get(key);
    if (waiting) return waiting;
    const row = this.#select.get(key);
    return row ? (JSON.parse(String(row.answer)) as Receipt) : null;
  }

  /** Keeps a receipt; part of the surrounding commit, whose event carries it. */
  add(key: string, receipt: Receipt): void {
    this.#waiting.set(key, receipt);
  }

  /** How many are not in the table yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Writes what waits, or so many of it; part of the surrounding commit. In key order, which touches each page once. */
  write(count = this.waiting): void {
    const inOrder = [...this.#waiting.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [key, receipt] of inOrder.slice(0, count)) {
      this.#insert.run(key, receipt.at, JSON.stringify(receipt));
      this.#waiting.delete(key);
    }
  }

  committed(): void {
    this.#waiting.committed();
  }

  rolledBack(): void {
    this.#waiting.rolledBack();
  }

  /** Whether there may be any older than `before`. */
  hasBefore(before: string, rows: number): boolean {
    return this.#oldUpTo(before, rows) !== null;
  }

  /** Removes at most `rows` of the oldest receipts, if they are older than `before`; says whether more may be left. */
  prune(before: string, rows: number): boolean {
    const upTo = this.#oldUpTo(before, rows);
    return upTo !== null && this.#prune.run(upTo, before, upTo - BATCH_ROWS, rows).changes > 0;
  }

  /**
   * Up to which row they are old: one stands before all that were written later, whatever its own time says. A clock
   * that was ahead for a while leaves rows with times to come, behind which the others must not wait; so where the
   * first rows are not old, some further on are looked at, ever twice as far.
   */
  #oldUpTo(before: string, rows: number): number | null {
    const ends = this.#ends.get();
    if (!ends || ends.first === null) return null;
    const first = Number(ends.first);
    let upTo = this.#lastBefore.get(first, rows, before)?.seq ?? null;
    for (let far = rows; upTo === null && first + far <= Number(ends.last); far *= 2) {
      upTo = this.#lastBefore.get(first + far, 1, before)?.seq ?? null;
      // The nearer ones may be of the same batch as it.
      if (upTo !== null && far < BATCH_ROWS) upTo = null;
    }
    return upTo === null ? null : Number(upTo);
  }
}
