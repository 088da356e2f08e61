import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type InboxKind, inboxKindSchema, MAX_INBOX_COUNT } from "@mission-control/protocol";

/** The tasks that wait for a human, by id, and how many there are. */
export interface InboxRows {
  ids: string[];
  counts: Record<InboxKind, number>;
  /** How many of those under way have fallen silent. */
  silent: number;
}

/** What waits for a human: read along the index of what tasks wait with. */
export class Inbox {
  readonly #oldest: StatementSync;
  readonly #count: StatementSync;
  readonly #silent: StatementSync;

  constructor(db: DatabaseSync) {
    this.#oldest = db.prepare("SELECT id FROM tasks WHERE waits_kind = ? ORDER BY waits_since, seq LIMIT ?");
    this.#count = db.prepare(
      `SELECT count(*) AS count FROM (SELECT 1 FROM tasks WHERE waits_kind = ? LIMIT ${MAX_INBOX_COUNT})`,
    );
    this.#silent = db.prepare(
      "SELECT count(*) AS count FROM tasks WHERE waits_kind = 'silent' AND status = 'in_progress'",
    );
  }

  /** @param limit of each kind */
  read(limit: number): InboxRows {
    const kinds = inboxKindSchema.options;
    return {
      ids: kinds.flatMap((kind) => this.#oldest.all(kind, limit).map(({ id }) => String(id))),
      counts: Object.fromEntries(
        kinds.map((kind) => [kind, Number(this.#count.get(kind)?.count)]),
      ) as InboxRows["counts"],
      silent: Number(this.#silent.get()?.count),
    };
  }
}
