import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Message } from "../../tasks/task.ts";
import { messagePage } from "../message-page.ts";
import type { MessageRow } from "../rows.ts";
import type { MessagePage } from "../store.ts";

/** Messages by id and by task; they go with their task. */
export class MessageTable {
  readonly #select: StatementSync;
  readonly #ofTask: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare("SELECT record FROM messages WHERE id = ?");
    this.#ofTask = db.prepare(
      "SELECT event_id, record FROM messages WHERE task_id = ? AND event_id > ? ORDER BY event_id LIMIT ?",
    );
    this.#insert = db.prepare("INSERT INTO messages (record, task_id, event_id, id) VALUES (?, ?, ?, ?)");
    this.#update = db.prepare("UPDATE messages SET record = ? WHERE id = ?");
  }

  get(id: string): Message | null {
    const row = this.#select.get(id);
    return row ? (JSON.parse(String(row.record)) as Message) : null;
  }

  page(taskId: string, after: number, limit: number): MessagePage {
    const rows = this.#ofTask.all(taskId, after, limit + 1);
    return messagePage(
      rows.map((row) => ({ eventId: Number(row.event_id), record: String(row.record) })),
      limit,
    );
  }

  write({ message, isKnown, eventId }: MessageRow): void {
    const record = JSON.stringify(message);
    if (isKnown) this.#update.run(record, message.id);
    else this.#insert.run(record, message.taskId, eventId, message.id);
  }
}
