import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ChangeResult } from "../store.ts";

const PRUNE_ROWS = 500;

/** The first answer to a change, kept to answer its repeats. */
export interface KeptAnswer extends Pick<ChangeResult, "eventId" | "taskStatus"> {
  /** When it was given; ISO 8601 UTC. */
  at: string;
  task?: ChangeResult["task"];
  refusal?: ChangeResult["refusal"];
  fingerprint?: string | undefined;
}

/** Receipts of one scope stand side by side, so that a busy agent's are written to few pages. */
export function receiptKey(scope: string, key: string): string {
  return `${scope} ${key}`;
}

/**
 * Receipts by key, removed oldest first. A new one is durable with the event that carries it; it waits in memory for
 * its place in the table.
 */
export class ReceiptTable {
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #oldest: StatementSync;
  readonly #prune: StatementSync;
  readonly #waiting = new Map<string, KeptAnswer>();
  /** Keys of the surrounding commit. */
  #fresh: string[] = [];

  constructor(db: DatabaseSync) {
    this.#select = db.prepare("SELECT answer FROM receipts WHERE key = ?");
    this.#insert = db.prepare("INSERT OR IGNORE INTO receipts (key, at, answer) VALUES (?, ?, ?)");
    this.#oldest = db.prepare("SELECT seq, at FROM receipts ORDER BY seq LIMIT 1");
    this.#prune = db.prepare("DELETE FROM receipts WHERE seq < ? AND at < ?");
  }

  get(key: string): KeptAnswer | null {
    const waiting = this.#waiting.get(key);
    if (waiting) return waiting;
    const row = this.#select.get(key);
    return row ? (JSON.parse(String(row.answer)) as KeptAnswer) : null;
  }

  /** Keeps an answer; part of the surrounding commit, whose event carries it. */
  add(key: string, answer: KeptAnswer): void {
    this.#waiting.set(key, answer);
    this.#fresh.push(key);
  }

  /** Writes what waits; part of the surrounding commit. In key order, which touches each page once. */
  write(): void {
    for (const key of [...this.#waiting.keys()].sort()) {
      const answer = this.#waiting.get(key);
      if (answer) this.#insert.run(key, answer.at, JSON.stringify(answer));
    }
  }

  /** @param written whether the commit held {@link write} */
  committed(written: boolean): void {
    if (written) this.#waiting.clear();
    this.#fresh = [];
  }

  rolledBack(): void {
    for (const key of this.#fresh) this.#waiting.delete(key);
    this.#fresh = [];
  }

  /** Removes at most {@link PRUNE_ROWS} of the oldest receipts; says whether more may be left. */
  prune(before: string): boolean {
    const oldest = this.#oldest.get();
    if (!oldest || String(oldest.at) >= before) return false;
    this.#prune.run(Number(oldest.seq) + PRUNE_ROWS, before);
    return true;
  }
}
