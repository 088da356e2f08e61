import { createHash } from "node:crypto";
import { rmSync, statSync } from "node:fs";
import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ContentError, keepsPart, MOST_PARTS, type Part, wrongOffset } from "./contents.ts";

/** Whoever writes to a part now. */
interface Writer {
  end: AbortController;
  ended: Promise<void>;
}

/**
 * Uploads that have come in part, as files named by whose they are and by the SHA-256 of the whole. One request at a time
 * writes to each: the newest, for the others are connections that broke without anybody having noticed yet.
 */
export class PartFiles {
  readonly #folder: string;
  /** Bytes of those that nobody writes to, by file name, the oldest first. */
  readonly #sizes = new Map<string, number>();
  readonly #writers = new Map<string, Writer>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens the folder, which is made when missing; what an earlier process left there can be gone on with. */
  static async open(folder: string): Promise<PartFiles> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const parts = new PartFiles(folder);
    for (const name of await readdir(folder)) parts.#sizes.set(name, (await stat(join(folder, name))).size);
    return parts;
  }

  /** Bytes of all that nobody writes to. */
  get bytes(): number {
    let bytes = 0;
    for (const size of this.#sizes.values()) bytes += size;
    return bytes;
  }

  /** How much of an upload is there, durably; ends whoever writes to it. */
  async offset(part: Omit<Part, "from">): Promise<number> {
    const name = nameOf(part);
    await this.#takeOver(name);
    const size = this.#sizes.get(name) ?? 0;
    if (size === 0) return 0;
    const file = await open(join(this.#folder, name), "r+");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    return size;
  }

  /**
   * Goes on with an upload, or starts it over. What `receive` rejects with is thrown on; then its file stays as it is,
   * unless what came can never become what was promised.
   * @param receive adds to the file, which may be missing, until the signal is aborted; may give it another place
   * @throws ContentError `offset`
   */
  async write<Result>(
    part: Part,
    receive: (path: string, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const name = nameOf(part);
    await this.#takeOver(name);
    const size = this.#sizes.get(name) ?? 0;
    if (part.from > 0 && part.from !== size) throw wrongOffset(size);
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const end = new AbortController();
    this.#writers.set(name, { end, ended });
    this.#sizes.delete(name);
    const path = join(this.#folder, name);
    let keeps = false;
    try {
      if (part.from === 0) await rm(path, { force: true });
      this.#makeRoom(ownerOf(name));
      return await receive(path, end.signal);
    } catch (error) {
      keeps = keepsPart(error);
      throw error;
    } finally {
      const left = keeps ? statSync(path, { throwIfNoEntry: false }) : undefined;
      if (left) this.#sizes.set(name, left.size);
      else rmSync(path, { force: true });
      this.#writers.delete(name);
      resolve();
    }
  }

  /** Removes those that nothing was added to since. @param before in milliseconds since the epoch */
  clean(before: number): void {
    for (const name of this.#sizes.keys()) {
      const found = statSync(join(this.#folder, name), { throwIfNoEntry: false });
      if (!found || found.mtimeMs <= before) this.#remove(name);
    }
  }

  async #takeOver(name: string): Promise<void> {
    for (let writer = this.#writers.get(name); writer; writer = this.#writers.get(name)) {
      writer.end.abort(new ContentError("replaced", "Another request goes on with this upload."));
      await writer.ended;
    }
  }

  /** One owner keeps so many parts: the oldest goes. */
  #makeRoom(owner: string): void {
    const others = [...this.#sizes.keys()].filter((name) => ownerOf(name) === owner);
    for (const name of others.slice(0, Math.max(0, others.length + 1 - MOST_PARTS))) this.#remove(name);
  }

  #remove(name: string): void {
    rmSync(join(this.#folder, name), { force: true });
    this.#sizes.delete(name);
  }
}

function nameOf({ owner, sha256 }: Omit<Part, "from">): string {
  return `${createHash("sha256").update(owner).digest("hex")}.${sha256}`;
}

function ownerOf(name: string): string {
  return name.split(".", 1)[0] ?? "";
}
