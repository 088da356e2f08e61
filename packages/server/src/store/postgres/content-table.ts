import { createHash, randomUUID } from "node:crypto";
import {
  type ByteRange,
  type Content,
  ContentError,
  type Contents,
  checkDigest,
  checkSize,
  KEPT_UNUSED_MS,
  keepsPart,
  MOST_PARTS,
  overTotal,
  type Part,
  type Promised,
  wrongOffset,
} from "../contents.ts";
import type { Database } from "./database.ts";
import { prepared } from "./statement.ts";

/** Bytes are written and read in pieces of this size: what one upload holds of memory, and of the database's work. */
const PIECE_BYTES = 256 * 1024;

const begin = prepared("content_begin", "INSERT INTO contents DEFAULT VALUES RETURNING id");
const selectTotal = prepared("content_total", "SELECT coalesce(sum(size), 0) AS total FROM contents");
/** Adds a piece, unless another request goes on with the upload. */
const addPiece = prepared(
  "content_piece",
  `WITH grown AS (
     UPDATE contents SET size = size + length($3::bytea), touched_at = now()
     WHERE id = $1 AND writer IS NOT DISTINCT FROM $4 RETURNING id
   )
   INSERT INTO content_pieces (content, place, bytes) SELECT id, $2, $3 FROM grown`,
);
/** An upload has one writer at a time: who asks for it last. */
const takePart = prepared(
  "content_part_take",
  "UPDATE contents SET writer = $2, touched_at = now() WHERE part = $1 RETURNING id, size",
);
const beginPart = prepared(
  "content_part_begin",
  `INSERT INTO contents (part, writer) VALUES ($1, $2)
   ON CONFLICT (part) DO UPDATE SET writer = $2, touched_at = now() RETURNING id`,
);
const dropPart = prepared("content_part_drop", "DELETE FROM contents WHERE part = $1");
const dropOldParts = prepared(
  "content_parts_drop",
  `DELETE FROM contents WHERE id IN (
     SELECT id FROM contents WHERE part >= $1 || ' ' AND part < $1 || '!' AND part <> $2
     ORDER BY touched_at DESC OFFSET $3)`,
);
/** Where others were quicker, or it was kept before: it is as young as now, and theirs stays. */
const touch = prepared(
  "content_touch",
  "UPDATE contents SET touched_at = now() WHERE sha256 = $1 RETURNING id",
);
const name = prepared(
  "content_name",
  "UPDATE contents SET sha256 = $2, part = NULL, writer = NULL, touched_at = now() WHERE id = $1 RETURNING id",
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
    const { part } = promised;
    const writer = part ? randomUUID() : null;
    const id = part && writer ? await this.#takePart(part, writer) : await this.#begin();
    try {
      const size = await this.#write(id, writer, bytes, promised);
      await this.#name(id, promised.sha256);
      return size;
    } catch (error) {
      // What cannot be removed now is when it is old.
      if (!part || !keepsPart(error)) {
        await this.#database.with((client) => client.query(drop(id))).catch(() => {});
      }
      throw error;
    }
  }

  async offset(part: Omit<Part, "from">): Promise<number> {
    const taken = await this.#database.with((client) => client.query(takePart(keyOf(part), null)));
    return Number(taken.rows[0]?.size ?? 0);
  }

  async read(sha256: string, range?: ByteRange): Promise<Content | null> {
    const [answer] = await this.#database.read(selectContent(sha256));
    const row = answer?.rows[0];
    if (!row) return null;
    return { size: Number(row.size), bytes: range ? this.#range(row.id, range) : this.#pieces(row.id) };
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

  async #begin(): Promise<string> {
    return this.#database.with(async (client) => (await client.query(begin())).rows[0]?.id);
  }

  /** The upload to go on with, or a new one. @throws ContentError `offset` */
  async #takePart(part: Part, writer: string): Promise<string> {
    const key = keyOf(part);
    return this.#database.with(async (client) => {
      if (part.from > 0) {
        const [known] = (await client.query(takePart(key, writer))).rows;
        const size = Number(known?.size ?? 0);
        if (size !== part.from) throw wrongOffset(size);
        return known.id;
      }
      await client.query(dropPart(key));
      await client.query(dropOldParts(part.owner, key, MOST_PARTS - 1));
      return (await client.query(beginPart(key, writer))).rows[0]?.id;
    });
  }

  async #write(
    id: string,
    writer: string | null,
    bytes: AsyncIterable<Uint8Array>,
    promised: Promised,
  ): Promise<number> {
    const { from } = promised.part ?? { from: 0 };
    const hash = createHash("sha256");
    if (from > 0) for await (const piece of this.#pieces(id)) hash.update(piece);
    let size = from;
    // Pieces of one size: what breaks off stops between two of them.
    let place = from / PIECE_BYTES;
    for await (const piece of piecesOf(bytes, PIECE_BYTES)) {
      size += piece.length;
      checkSize(size, promised);
      hash.update(piece);
      const at = place++;
      const added = await this.#database.with((client) => client.query(addPiece(id, at, piece, writer)));
      if (added.rowCount === 0) {
        throw new ContentError("replaced", "Another request goes on with this upload.");
      }
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

  async *#range(id: string, { first, last }: ByteRange): AsyncIterable<Uint8Array> {
    let place = Math.floor(first / PIECE_BYTES);
    let at = place * PIECE_BYTES;
    for await (const piece of this.#pieces(id, place)) {
      yield piece.subarray(Math.max(0, first - at), last + 1 - at);
      at = ++place * PIECE_BYTES;
      if (at > last) return;
    }
  }

  async *#pieces(id: string, from = 0): AsyncIterable<Uint8Array> {
    for (let place = from; ; place++) {
      const [answer] = await this.#database.read(selectPiece(id, place));
      const row = answer?.rows[0];
      if (!row) return;
      yield row.bytes as Uint8Array;
    }
  }
}

/** How an upload is known; owners hold no spaces. */
function keyOf({ owner, sha256 }: Omit<Part, "from">): string {
  return `${owner} ${sha256}`;
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
