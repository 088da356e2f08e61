import { createHash, randomUUID } from "node:crypto";
import { renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type ByteRange,
  type Content,
  ContentError,
  type Contents,
  checkDigest,
  checkSize,
  KEPT_UNUSED_MS,
  overTotal,
  type Part,
  type Promised,
  until,
} from "./contents.ts";
import { PartFiles } from "./part-files.ts";
import { StoreUnavailableError } from "./store.ts";

/** Left free on the disk, in bytes, so that what agents upload keeps no commit from being made. */
const RESERVE_BYTES = 128 * 1024 * 1024;
/** Files asked about at once whether anything refers to them. */
const ASKED_AT_ONCE = 500;
/** Half-written files lie here. */
const INCOMING = "incoming";
/** Uploads that may go on. */
const PARTS = "parts";
const CONTENT_NAME = /^[0-9a-f]{64}$/;

export interface ContentFolderOptions {
  /** Made with mode 0700 when missing; this process alone writes to it. */
  folder: string;
  /** All contents together, in bytes; infinite for no limit. */
  maxTotalBytes: number;
  /** Bytes free on the folder's disk; asked of the system by default. */
  freeBytes?: (folder: string) => Promise<number>;
}

/** Opens the folder of a data folder's artifacts. @param maxTotalBytes default: no limit */
export function openContentFolder(
  dataFolder: string,
  maxTotalBytes = Number.POSITIVE_INFINITY,
): Promise<ContentFolder> {
  return ContentFolder.open({ folder: join(dataFolder, "artifacts"), maxTotalBytes });
}

/** Contents as files named by their SHA-256, in folders named by its first two digits. */
export class ContentFolder implements Contents {
  readonly #options: ContentFolderOptions;
  readonly #parts: PartFiles;
  /** Resolves when what was there at the start is in the total: a start does not wait for it. */
  readonly #counted: Promise<void>;
  #total = 0;
  /** Of what comes in: as much as was promised. */
  #incoming = 0;

  /** Opens the folder, and forgets what an earlier process left half-way and nobody can go on with. */
  static async open(options: ContentFolderOptions): Promise<ContentFolder> {
    const { folder } = options;
    await rm(join(folder, INCOMING), { recursive: true, force: true });
    await mkdir(join(folder, INCOMING), { recursive: true, mode: 0o700 });
    return new ContentFolder(options, await PartFiles.open(join(folder, PARTS)));
  }

  private constructor(options: ContentFolderOptions, parts: PartFiles) {
    this.#options = options;
    this.#parts = parts;
    this.#counted = this.#count();
    // Told to who asks for room.
    this.#counted.catch(() => {});
  }

  async keep(bytes: AsyncIterable<Uint8Array>, promised: Promised): Promise<number> {
    const { part } = promised;
    if (part) {
      return this.#parts.write(part, (path, signal) => this.#receive(path, until(bytes, signal), promised));
    }
    const draft = join(this.#options.folder, INCOMING, randomUUID());
    return this.#receive(draft, bytes, promised).finally(() => rm(draft, { force: true }).catch(() => {}));
  }

  offset(part: Omit<Part, "from">): Promise<number> {
    return this.#parts.offset(part).catch((error: unknown) => Promise.reject(toContentError(error)));
  }

  async read(sha256: string, range?: ByteRange): Promise<Content | null> {
    const path = this.#pathOf(sha256);
    const found = await stat(path).catch(() => null);
    return found && { size: found.size, bytes: bytesOf(path, range) };
  }

  async clean(
    inUse: (sha256s: readonly string[]) => Promise<ReadonlySet<string>>,
    unusedMs = KEPT_UNUSED_MS,
  ): Promise<number> {
    await this.#counted;
    const before = Date.now() - unusedMs;
    const old: string[] = [];
    for await (const { sha256, touchedMs } of filesOf(this.#options.folder)) {
      if (touchedMs <= before) old.push(sha256);
    }
    let removed = 0;
    this.#parts.clean(before);
    for (let from = 0; from < old.length; from += ASKED_AT_ONCE) {
      const asked = old.slice(from, from + ASKED_AT_ONCE);
      const used = await inUse(asked);
      for (const sha256 of asked) if (!used.has(sha256) && this.#remove(sha256, before)) removed++;
    }
    return removed;
  }

  async total(): Promise<number> {
    await this.#counted;
    return this.#held;
  }

  async close(): Promise<void> {
    await this.#counted.catch(() => {});
  }

  get #held(): number {
    return this.#total + this.#incoming + this.#parts.bytes;
  }

  /** Keeps bytes, at the end of those that a file has already. @returns how many they are with those */
  async #receive(path: string, bytes: AsyncIterable<Uint8Array>, promised: Promised): Promise<number> {
    const expected = promised.size ?? promised.maxBytes;
    checkSize(promised.size ?? 0, promised);
    this.#incoming += expected;
    try {
      await this.#counted;
      await this.#checkRoom(expected - (promised.part?.from ?? 0));
      const size = await addTo(path, bytes, promised);
      await this.#place(path, promised.sha256, size);
      return size;
    } catch (error) {
      throw toContentError(error);
    } finally {
      this.#incoming -= expected;
    }
  }

  async #count(): Promise<void> {
    for await (const { size } of filesOf(this.#options.folder)) this.#total += size;
  }

  #pathOf(sha256: string): string {
    return join(this.#options.folder, sha256.slice(0, 2), sha256);
  }

  /** @throws ContentError */
  async #checkRoom(expected: number): Promise<void> {
    const { folder, maxTotalBytes, freeBytes = freeOnDisk } = this.#options;
    if (this.#held > maxTotalBytes) throw overTotal(maxTotalBytes);
    const free = await freeBytes(folder);
    if (free >= expected + RESERVE_BYTES) return;
    const missing = Math.ceil((expected + RESERVE_BYTES - free) / 1024 / 1024);
    throw new ContentError("no_room", `The disk of the data folder lacks ${missing} MiB for it: make room.`);
  }

  /** Gives whole, durable bytes their name, unless they are kept already. */
  async #place(draft: string, sha256: string, size: number): Promise<void> {
    const path = this.#pathOf(sha256);
    const folder = dirname(path);
    if (await mkdir(folder, { recursive: true, mode: 0o700 })) await syncFolder(dirname(folder));
    // Looked and done in one step, as whoever cleans up does: either it is there and young from now on, or it is gone.
    if (!touched(path)) {
      renameSync(draft, path);
      this.#total += size;
    }
    await syncFolder(folder);
  }

  /** @returns whether it was still old, and is gone */
  #remove(sha256: string, before: number): boolean {
    const path = this.#pathOf(sha256);
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found || found.mtimeMs > before) return false;
    rmSync(path);
    this.#total -= found.size;
    return true;
  }
}

/** A file's bytes, or a range of them; opened when the first is asked for. */
async function* bytesOf(path: string, range?: ByteRange): AsyncIterable<Uint8Array> {
  const file = await open(path, "r");
  try {
    yield* file.createReadStream({ autoClose: false, ...(range && { start: range.first, end: range.last }) });
  } finally {
    await file.close();
  }
}

async function freeOnDisk(folder: string): Promise<number> {
  const { bavail, blocks, bsize } = await statfs(folder);
  // Some file systems do not say how large they are.
  return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize;
}

/** Adds bytes to a file that is new, or has as many as were promised before. @returns how many it has then, durably */
async function addTo(path: string, bytes: AsyncIterable<Uint8Array>, promised: Promised): Promise<number> {
  const { from } = promised.part ?? { from: 0 };
  const hash = createHash("sha256");
  let size = from;
  let file: FileHandle | undefined;
  try {
    file = await open(path, from === 0 ? "wx" : "a", 0o600);
    if (from > 0) for await (const piece of bytesOf(path)) hash.update(piece);
    for await (const piece of bytes) {
      size += piece.length;
      checkSize(size, promised);
      hash.update(piece);
      await file.appendFile(piece);
    }
    checkDigest(hash.digest("hex"), promised);
    await file.sync();
  } finally {
    await file?.close();
  }
  return size;
}

/** Every content of the folder. */
async function* filesOf(folder: string): AsyncIterable<{ sha256: string; size: number; touchedMs: number }> {
  for (const part of await readdir(folder)) {
    if (part.length !== 2) continue;
    for (const sha256 of await readdir(join(folder, part))) {
      if (!CONTENT_NAME.test(sha256)) continue;
      const found = await stat(join(folder, part, sha256)).catch(() => null);
      if (found) yield { sha256, size: found.size, touchedMs: found.mtimeMs };
    }
  }
}

/** Makes a file as young as now; false where there is none. */
function touched(path: string): boolean {
  const now = new Date();
  try {
    utimesSync(path, now, now);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** Makes names durable that were given in a folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const FULL: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
const UNUSABLE: ReadonlySet<unknown> = new Set([
  "EIO",
  "EROFS",
  "EACCES",
  "EPERM",
  "ENOENT",
  "EMFILE",
  "ENFILE",
]);

/** The error for whoever asked: what the disk says is no fault of theirs. */
function toContentError(error: unknown): unknown {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return error;
  const options = { cause: error };
  if (FULL.has(error.code)) {
    return new ContentError("no_room", "The disk of the data folder is full: make room.", options);
  }
  if (!UNUSABLE.has(error.code)) return error;
  return new StoreUnavailableError("The folder of artifacts cannot be written now.", options);
}
