import { closeSync, constants, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import type { z } from "zod";

/** Fits one disk sector, so that overwriting it in place leaves the old or the new one. */
const BYTES = 256;

/** A small state in a file of its own, overwritten in place: that needs no room on a full disk. */
export class StateFile<State> {
  readonly file: string;
  readonly #schema: z.ZodType<State>;
  #descriptor: number | null = null;

  /** @param schema of the state, which takes at most 255 bytes as JSON */
  constructor(file: string, schema: z.ZodType<State>) {
    this.file = file;
    this.#schema = schema;
  }

  /**
   * What an earlier process left.
   * @returns null where there is no file
   * @throws Error when it cannot be read
   */
  read(): State | null {
    let text: string;
    try {
      text = readFileSync(this.file, "utf8");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
      throw error;
    }
    return this.#schema.parse(JSON.parse(text));
  }

  /** Writes it down for good before anything else is done; makes the file where there is none. */
  write(state: State): void {
    this.#descriptor ??= openSync(this.file, constants.O_RDWR | constants.O_CREAT, 0o600);
    this.note(state);
    fsyncSync(this.#descriptor);
  }

  /** Writes it without waiting for the disk; nothing before the first {@link write}. */
  note(state: State): void {
    if (this.#descriptor === null) return;
    writeSync(this.#descriptor, Buffer.from(`${JSON.stringify(state).padEnd(BYTES - 1)}\n`), 0, BYTES, 0);
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}
