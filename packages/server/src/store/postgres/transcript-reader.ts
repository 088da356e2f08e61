import type { EntryBegins, EntryRest, TranscriptQuery, TranscriptSource } from "../transcript.ts";
import type { Database } from "./database.ts";
import { prepared } from "./statement.ts";

/** Events that one step looks at, for each entry that is asked for: few have more parts. */
const LOOKED_AT_EACH = 8;

/**
 * Pairs are compared, not the columns by themselves: then the planner goes along the index that has their order, also
 * while its statistics know a task that has grown to thousands of entries as one of a few events, which it would sort.
 */
const selectBegins = (name: string, order: "ASC" | "DESC") =>
  prepared(
    name,
    `SELECT id, entry_key AS key, entry_key = '' OR NOT EXISTS (
       SELECT FROM events AS earlier
       WHERE entry_key <> '' AND task_id = part.task_id AND entry_key = part.entry_key AND id < part.id
     ) AS begins
     FROM (
       SELECT id, task_id, entry_key FROM events
       WHERE entry_key IS NOT NULL AND (task_id, id) > ($1, $2::bigint) AND (task_id, id) < ($1, $3::bigint)
       ORDER BY task_id ${order}, id ${order} LIMIT $4
     ) AS part
     ORDER BY id ${order}`,
  );
const selectOldestBegins = selectBegins("entry_begins", "ASC");
const selectNewestBegins = selectBegins("entry_begins_newest", "DESC");
const selectOwnFrames = prepared("own_entry_frames", "SELECT frame FROM events WHERE id = ANY($1::bigint[])");
const selectFrames = prepared(
  "entry_frames",
  `SELECT part.frame FROM unnest($2::text[], $3::bigint[]) AS entry (key, after)
   CROSS JOIN LATERAL (
     SELECT id, frame FROM events
     WHERE entry_key <> '' AND task_id = $1 AND entry_key = entry.key AND id > entry.after ORDER BY id LIMIT $4
   ) AS part
   ORDER BY part.id`,
);

/** Finds entries of transcripts in the log, by its indexes. */
export class TranscriptReader implements TranscriptSource {
  readonly store: TranscriptSource["store"];
  readonly #database: Database;

  constructor(database: Database, store: TranscriptSource["store"]) {
    this.#database = database;
    this.store = store;
  }

  async entryBegins(
    taskId: string,
    { after, before, newestFirst, limit }: TranscriptQuery,
  ): Promise<EntryBegins> {
    const select = newestFirst ? selectNewestBegins : selectOldestBegins;
    const lookedAt = limit * LOOKED_AT_EACH;
    const [answer] = await this.#database.read(select(taskId, after, before, lookedAt));
    const rows = answer?.rows ?? [];
    const begins: { eventId: number; key: string }[] = [];
    for (const row of rows) {
      const eventId = Number(row.id);
      if (row.begins) begins.push({ eventId, key: row.key });
      if (begins.length === limit) return { begins, lookedUpTo: eventId };
    }
    return { begins, lookedUpTo: rows.length === lookedAt ? Number(rows.at(-1)?.id) : null };
  }

  async entryFrames(taskId: string, entries: readonly EntryRest[], limit: number): Promise<string[]> {
    const own = entries.filter(({ key }) => key === "").map(({ eventId }) => eventId);
    const shared = entries.filter(({ key }) => key !== "");
    const keys = shared.map(({ key }) => key);
    const afters = shared.map(({ after }) => after);
    const answers = await this.#database.read(
      selectOwnFrames(own),
      selectFrames(taskId, keys, afters, limit),
    );
    return answers.flatMap(({ rows }) => rows.map(({ frame }) => frame as string));
  }
}
