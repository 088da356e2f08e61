import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { PayloadRow, SentPayload } from "../sent-payload.ts";

/** What agents were sent, by task and attempt; a task takes its own with it. */
export class PayloadTable {
  readonly #put: StatementSync;
  readonly #select: StatementSync;

  constructor(db: DatabaseSync) {
    this.#put = db.prepare(
      `INSERT INTO sent_payloads (task_id, dispatch_id, payload) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET payload = excluded.payload`,
    );
    this.#select = db.prepare("SELECT payload FROM sent_payloads WHERE task_id = ? AND dispatch_id = ?");
  }

  /** Part of the surrounding commit. */
  write({ taskId, dispatchId, payload }: PayloadRow): void {
    this.#put.run(taskId, dispatchId, payload);
  }

  get(taskId: string, dispatchId: string): SentPayload | null {
    const row = this.#select.get(taskId, dispatchId);
    return row ? (JSON.parse(String(row.payload)) as SentPayload) : null;
  }
}
