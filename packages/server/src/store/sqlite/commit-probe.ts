import type { DatabaseSync, StatementSync } from "node:sqlite";
import { MAX_CALLBACK_BYTES } from "@mission-control/protocol";

/** What the largest callback brings: its event, and the task's and the attempt's fields that show it. */
const PROBE_BYTES = MAX_CALLBACK_BYTES + 128 * 1024;

/** Tells whether a callback could be committed, by committing as much as a large one brings. */
export class CommitProbe {
  readonly #insert: StatementSync;
  readonly #deleteOthers: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare("INSERT OR REPLACE INTO records (kind, id, record) VALUES ('probe', ?, ?)");
    this.#deleteOthers = db.prepare("DELETE FROM records WHERE kind = 'probe' AND id <> ?");
  }

  /** Writes in the place of what was written the last time; part of the surrounding commit. */
  write(): void {
    const id = String(Date.now());
    this.#insert.run(id, new Uint8Array(PROBE_BYTES));
    this.#deleteOthers.run(id);
  }
}
