import type { DatabaseSync } from "node:sqlite";
import type { EntryBegins, EntryRest, TranscriptQuery, TranscriptSource } from "../transcript.ts";
import { Statements } from "./statements.ts";

/** Events that one step looks at for those that entries begin with; bounds the time it holds the thread. */
const LOOKED_AT = 1024;

/** Finds entries of transcripts in the log, by its indexes. */
export class TranscriptReader implements TranscriptSource {
  readonly store: TranscriptSource["store"];
  readonly #statements: Statements;
  readonly #upToDate: <Result>(read: () => Result) => Promise<Result>;

  /** @param upToDate reads when the indexes are complete */
  constructor(
    db: DatabaseSync,
    store: TranscriptSource["store"],
    upToDate: <Result>(read: () => Result) => Promise<Result>,
  ) {
    this.#statements = new Statements(db);
    this.store = store;
    this.#upToDate = upToDate;
  }

  entryBegins(taskId: string, query: TranscriptQuery): Promise<EntryBegins> {
    return this.#upToDate(() => this.#begins(taskId, query));
  }

  entryFrames(taskId: string, entries: readonly EntryRest[], limit: number): Promise<string[]> {
    return this.#upToDate(() => this.#frames(taskId, entries, limit));
  }

  #begins(taskId: string, { after, before, newestFirst, limit }: TranscriptQuery): EntryBegins {
    const rows = this.#statements
      .get(`
        SELECT id, entry_key, entry_key = '' OR NOT EXISTS (
          SELECT 1 FROM events AS earlier
          WHERE indexed AND entry_key <> '' AND task_id = part.task_id AND entry_key = part.entry_key AND id < part.id
        ) AS begins
        FROM events AS part
        WHERE indexed AND entry_key IS NOT NULL AND task_id = ? AND id > ? AND id < ?
        ORDER BY id ${newestFirst ? "DESC" : "ASC"} LIMIT ${LOOKED_AT}`)
      .iterate(taskId, after, before);
    const begins: { eventId: number; key: string }[] = [];
    let looked = 0;
    for (const row of rows) {
      const eventId = Number(row.id);
      if (row.begins) begins.push({ eventId, key: String(row.entry_key) });
      looked++;
      if (begins.length === limit || looked === LOOKED_AT) return { begins, lookedUpTo: eventId };
    }
    return { begins, lookedUpTo: null };
  }

  #frames(taskId: string, entries: readonly EntryRest[], limit: number): string[] {
    const own = this.#statements.get("SELECT frame FROM events WHERE id = ?");
    const shared = this.#statements.get(`
      SELECT frame FROM events
      WHERE indexed AND entry_key <> '' AND task_id = ? AND entry_key = ? AND id > ? ORDER BY id LIMIT ?`);
    return entries
      .flatMap(({ eventId, key, after }) =>
        key === "" ? own.all(eventId) : shared.all(taskId, key, after, limit),
      )
      .map(({ frame }) => String(frame));
  }
}
