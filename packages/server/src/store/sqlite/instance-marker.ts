import { closeSync, constants, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { z } from "zod";

/** Fits one disk sector, so that overwriting it in place leaves the old or the new one. */
const BYTES = 256;
/** Between two notes of the newest event, in milliseconds. */
const NOTE_PAUSE_MS = 1000;

const stateSchema = z.object({
  /** Names the database this folder belongs to; the database holds the same. */
  instance: z.number().int(),
  /** `open` while a server runs, and after one was killed; `damaged` once its database was found to be. */
  state: z.enum(["open", "closed", "damaged"]),
  /** An event that was stored for certain; up to a second behind while a server runs. */
  lastEventId: z.number().int().nonnegative(),
  /** Which file the database is in; absent where an older version wrote this. */
  file: z.string().optional(),
});
export type MarkerState = z.infer<typeof stateSchema>;

/**
 * What is known of the database beside it: enough to notice that the file, or its write-ahead log, was lost or put
 * back older, which the database itself cannot know. Written in place, which needs no room on a full disk.
 */
export class InstanceMarker {
  readonly file: string;
  #state: MarkerState | null = null;
  #descriptor: number | null = null;
  #notedAt = Number.NEGATIVE_INFINITY;

  constructor(file: string) {
    this.file = file;
  }

  /**
   * What an earlier server left.
   * @returns null where there is none
   * @throws Error when it cannot be read
   */
  read(): MarkerState | null {
    let text: string;
    try {
      text = readFileSync(this.file, "utf8");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
      throw error;
    }
    return stateSchema.parse(JSON.parse(text));
  }

  /** Writes it down for good before anything else is done. */
  write(state: MarkerState): void {
    this.#descriptor ??= openSync(this.file, constants.O_RDWR | constants.O_CREAT, 0o600);
    this.#put(state);
    fsyncSync(this.#descriptor);
  }

  /** An event is durable. Called for each commit; written now and then, and without waiting for the disk. */
  note(lastEventId: number): void {
    const now = performance.now();
    if (!this.#state || now - this.#notedAt < NOTE_PAUSE_MS || lastEventId === this.#state.lastEventId)
      return;
    this.#notedAt = now;
    this.#put({ ...this.#state, lastEventId });
  }

  /** All is in the database itself: its write-ahead log may go. */
  closed(lastEventId: number): void {
    if (this.#state?.state === "open") this.write({ ...this.#state, state: "closed", lastEventId });
  }

  damaged(): void {
    if (this.#state) this.write({ ...this.#state, state: "damaged" });
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  #put(state: MarkerState): void {
    const line = Buffer.from(`${JSON.stringify(state).padEnd(BYTES - 1)}\n`);
    if (this.#descriptor !== null) writeSync(this.#descriptor, line, 0, BYTES, 0);
    this.#state = state;
  }
}
