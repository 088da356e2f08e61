import { createHash } from "node:crypto";
import {
  type Content,
  type Contents,
  checkDigest,
  checkSize,
  KEPT_UNUSED_MS,
  overTotal,
  type Promised,
} from "../contents.ts";
import type { Database } from "./database.ts";
import { prepared, roundTrip } from "./statement.ts";

/** Bytes are written and read in pieces of this size: what one upload holds of memory, and of the database's work. */
const PIECE_BYTES = 256 * 1024;

const begin = prepared("content_begin", "INSERT INTO contents DEFAULT VALUES RETURNING id");
const selectTotal = prepared("content_total", "SELECT coalesce(sum(size), 0) AS total FROM contents");
const addPiece = prepared(
  "content_piece",
  "INSERT INTO content_pieces (content, place, bytes) VALUES ($1, $2, $3)",
);
const grow = prepared(
  "content_grow",
  "UPDATE contents SET size = size + $2, touched_at = now() WHERE id = $1",
);
/** Where others were quicker, or it was kept before: it is as young as now, and theirs stays. */
const touch = prepared(
  "content_touch",
  "UPDATE contents SET touched_at = now() WHERE sha256 = $1 RETURNING id",
);
const name = prepared(
  "content_name",
  "UPDATE contents SET sha256 = $2, touched_at = now() WHERE id = $1 RETURNING id",
);
const drop = prepared("content_drop", "DELETE FROM contents WHERE id = $1 AND sha256 IS NULL");
const selectContent = prepared("content", "SELECT id, size FROM contents WHERE sha256 = $1");
const selectPiece = prepared(
  "content_read",
  "SELECT bytes FROM content_pieces WHERE content = $1 AND place = $2",
);
const deleteUnused = prepared(
  "content_clean",
  `DELETE FROM contents WHERE touched_at <= now() - $1 * interval '1 millisecond'
     AND NOT EXISTS (SELECT FROM artifacts WHERE artifacts.sha256 = contents.sha256)`,
);

/** Contents in the database that several servers share: whichever took an artifact, any can give it. */
export class ContentTable implements Contents {
  readonly #database: Database;
  readonly #maxTotalBytes: number;

  /** @param maxTotalBytes all contents together; infinite for no limit */
  constructor(database: Database, maxTotalBytes: number) {
    this.#database = database;
    this.#maxTotalBytes = maxTotalBytes;
  }

  async keep(bytes: AsyncIterable<Uint8Array>, promised: Promised): Promise<number> {
    checkSize(promised.size ?? 0, promised);
    const expected = promised.size ?? promised.maxBytes;
    if ((await this.total()) + expected > this.#maxTotalBytes) throw overTotal(this.#maxTotalBytes);
    const id = await this.#database.with(async (client) => (await client.query(begin())).rows[0]?.id);
    try {
      const size = await this.#write(id, bytes, promised);
      await this.#name(id, promised.sha256);
      return size;
    } catch (error) {
      // What cannot be removed now is when it is old.
      await this.#database.with((client) => client.query(drop(id))).catch(() => {});
      throw error;
    }
  }

  async read(sha256: string): Promise<Content | null> {
    const [answer] = await this.#database.read(selectContent(sha256));
    const row = answer?.rows[0];
    if (!row) return null;
    return { size: Number(row.size), bytes: this.#pieces(row.id) };
  }

  async clean(_inUse: unknown, unusedMs = KEPT_UNUSED_MS): Promise<number> {
    // The database itself knows what artifacts there are, at the moment of removing.
    return this.#database.with(async (client) => (await client.query(deleteUnused(unusedMs))).rowCount ?? 0);
  }

  async total(): Promise<number> {
    const [answer] = await this.#database.read(selectTotal());
    return Number(answer?.rows[0]?.total);
  }

  async close(): Promise<void> {}

  async #write(id: string, bytes: AsyncIterable<Uint8Array>, promised: Promised): Promise<number> {
    const hash = createHash("sha256");
    let size = 0;
    let place = 0;
    for await (const piece of piecesOf(bytes, PIECE_BYTES)) {
      size += piece.length;
      checkSize(size, promised);
      hash.update(piece);
      const at = place++;
      await this.#database.with((client) =>
        roundTrip(client, ["BEGIN", addPiece(id, at, piece), grow(id, piece.length), "COMMIT"]),
      );
    }
    checkDigest(hash.digest("hex"), promised);
    return size;
  }

  /** Gives whole bytes their name, or drops them where they are kept already. */
  async #name(id: string, sha256: string): Promise<void> {
    for (;;) {
      const isKept = await this.#database.with(async (client) => {
        if ((await client.query(touch(sha256))).rowCount === 1) return true;
        try {
          return (await client.query(name(id, sha256))).rowCount === 1;
        } catch (error) {
          // Another one came with the same bytes at the same time.
          if ((error as { code?: string }).code === UNIQUE_VIOLATION) return false;
          throw error;
        }
      });
      if (!isKept) continue;
      await this.#database.with((client) => client.query(drop(id)));
      return;
    }
  }

  async *#pieces(id: string): AsyncIterable<Uint8Array> {
    for (let place = 0; ; place++) {
      const [answer] = await this.#database.read(selectPiece(id, place));
      const row = answer?.rows[0];
      if (!row) return;
      yield row.bytes as Uint8Array;
    }
  }
}

const UNIQUE_VIOLATION = "23505";

/** The same bytes in pieces of one size, but for the last. */
async function* piecesOf(bytes: AsyncIterable<Uint8Array>, size: number): AsyncIterable<Buffer> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const piece of bytes) {
    held.push(piece);
    length += piece.length;
    if (length < size) continue;
    const whole = Buffer.concat(held);
    let from = 0;
    for (; from + size <= whole.length; from += size) yield whole.subarray(from, from + size);
    held = [whole.subarray(from)];
    length = whole.length - from;
  }
  if (length > 0) yield Buffer.concat(held);
}
