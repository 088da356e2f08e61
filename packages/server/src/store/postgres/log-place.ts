import pg, { type ClientBase } from "pg";
import { z } from "zod";
import { decodeFrame } from "../event-frame.ts";
import { gapAfter } from "../log-gaps.ts";
import type { Gap } from "../store.ts";
import { lockHead } from "./log-head.ts";
import type { LogMark } from "./log-mark.ts";
import { prepared } from "./statement.ts";

const placeSchema = z.object({
  /** The cluster's identifier, which initdb makes; its files keep it wherever they are copied. */
  system: z.string().nullable(),
  /** Rises with every recovery that ends and every replica that is promoted. */
  timeline: z.string().nullable(),
  database: z.string(),
  /** The table of the log's head, and its file: other ones after a dump was read in, by `COPY` too. */
  table: z.string(),
});
type Place = z.infer<typeof placeSchema>;

const selectLog = prepared("log_place", "SELECT log, place FROM log_place");
const selectNewestFrame = prepared("newest_frame", "SELECT frame FROM events ORDER BY id DESC LIMIT 1");
const selectTable = prepared(
  "place_of_table",
  `SELECT (SELECT oid FROM pg_database WHERE datname = current_database())::text AS database,
     'log_head'::regclass::oid || ' ' || pg_relation_filenode('log_head') AS table`,
);
const selectSystem = prepared(
  "system_identifier",
  "SELECT system_identifier::text AS part FROM pg_control_system()",
);
/**
 * Of the segment that is written: its name begins with the timeline. That of pg_control_checkpoint() lags, until the first
 * checkpoint after a promotion.
 */
const selectTimeline = prepared(
  "timeline",
  "SELECT left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) AS part",
);
const writePlace = prepared("write_place", "UPDATE log_place SET place = $1");
const writeGap = prepared("write_gap", "INSERT INTO log_gaps (first, last) VALUES ($1, $2)");
const moveHead = prepared("move_head_behind_gap", "UPDATE log_head SET newest = $1");

/**
 * Notices that the database holds an older state of the log than followers have had, and leaves the ids out that can have been
 * given since. The database keeps where its log is written (the cluster, its timeline, the table): a dump that was read in,
 * a base backup that was recovered and a replica that was promoted are elsewhere. Files that were copied back and
 * started as they are say nothing of it: those are known by the newest event that a node has seen ({@link LogMark}).
 */
export class LogPlace {
  readonly #mark: LogMark;
  readonly #gapLeft: (gap: Gap) => void;

  /** @param gapLeft called with a gap that was left here */
  constructor(mark: LogMark, gapLeft: (gap: Gap) => void = () => {}) {
    this.#mark = mark;
    this.#gapLeft = gapLeft;
  }

  /**
   * To be called on a new connection, before anything is committed on it: no database is replaced under one that lasts.
   * The log's head is held meanwhile, so that of many nodes one leaves the gap.
   * @returns which log it is: a name that copies of it have too
   * @throws the driver's error, also where the database cannot be written to yet
   */
  async settle(client: ClientBase): Promise<string> {
    await client.query("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    try {
      const { log, gap } = await this.#look(client);
      await client.query("COMMIT");
      if (gap) this.#gapLeft(gap);
      return log;
    } catch (error) {
      await client.query("ROLLBACK").catch(() => {});
      throw error;
    }
  }

  async #look(client: ClientBase): Promise<{ log: string; gap: Gap | null }> {
    const newest = Number((await client.query(lockHead())).rows[0]?.newest);
    const { log, place: noted } = (await client.query(selectLog())).rows[0];
    const place = await placeOf(client);
    const seen = this.#mark.newestOf(log);
    const known = noted === null ? null : read(noted);
    if (known === "another" || (known && hasMoved(known, place)) || seen > newest) {
      const frame = (await client.query(selectNewestFrame())).rows[0]?.frame;
      const newestAt = frame === undefined ? null : decodeFrame(frame).receivedAt;
      const gap = gapAfter({ newest, newestAt, seen }, Date.now());
      await client.query(writeGap(gap.from, gap.to));
      await client.query(moveHead(gap.to));
      await client.query(writePlace(JSON.stringify(place)));
      return { log, gap };
    }
    const text = JSON.stringify(known ? completed(known, place) : place);
    if (text !== noted) await client.query(writePlace(text));
    return { log, gap: null };
  }
}

/** A place as it was noted. What was written there by hand, to say that the log was put back, is another place. */
function read(noted: string): Place | "another" {
  try {
    return placeSchema.parse(JSON.parse(noted));
  } catch {
    return "another";
  }
}

/** Parts that were not to be learnt, then or now, say nothing. */
function hasMoved(known: Place, place: Place): boolean {
  const names: readonly (keyof Place)[] = ["system", "timeline", "database", "table"];
  return names.some((name) => known[name] !== null && place[name] !== null && known[name] !== place[name]);
}

/** The place, with what is not to be learnt now as it was known. */
function completed(known: Place, place: Place): Place {
  return {
    ...place,
    system: place.system ?? known.system,
    timeline: place.timeline ?? known.timeline,
  };
}

/** In a transaction that writes: a replica does not show its timeline. */
async function placeOf(client: ClientBase): Promise<Place> {
  const { database, table } = (await client.query(selectTable())).rows[0];
  return {
    system: await part(client, selectSystem),
    timeline: await part(client, selectTimeline),
    database,
    table,
  };
}

/** What a service may keep from its users, or not have. */
async function part(
  client: ClientBase,
  select: () => ReturnType<typeof selectSystem>,
): Promise<string | null> {
  await client.query("SAVEPOINT place");
  try {
    return (await client.query(select())).rows[0]?.part;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    await client.query("ROLLBACK TO SAVEPOINT place");
    return null;
  }
}
