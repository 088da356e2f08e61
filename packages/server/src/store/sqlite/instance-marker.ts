import { z } from "zod";
import { StateFile } from "../state-file.ts";

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
 * back older, which the database itself cannot know.
 */
export class InstanceMarker {
  readonly #kept: StateFile<MarkerState>;
  #state: MarkerState | null = null;
  #notedAt = Number.NEGATIVE_INFINITY;

  constructor(file: string) {
    this.#kept = new StateFile(file, stateSchema);
  }

  get file(): string {
    return this.#kept.file;
  }

  /** @see StateFile.read */
  read(): MarkerState | null {
    return this.#kept.read();
  }

  /** @see StateFile.write */
  write(state: MarkerState): void {
    this.#kept.write(state);
    this.#state = state;
  }

  /** An event is durable. Called for each commit; written now and then, and without waiting for the disk. */
  note(lastEventId: number): void {
    const now = performance.now();
    if (!this.#state || now - this.#notedAt < NOTE_PAUSE_MS || lastEventId === this.#state.lastEventId)
      return;
    this.#notedAt = now;
    this.#state = { ...this.#state, lastEventId };
    this.#kept.note(this.#state);
  }

  /** All is in the database itself: its write-ahead log may go. */
  closed(lastEventId: number): void {
    if (this.#state?.state === "open") this.write({ ...this.#state, state: "closed", lastEventId });
  }

  damaged(): void {
    if (this.#state) this.write({ ...this.#state, state: "damaged" });
  }

  close(): void {
    this.#kept.close();
  }
}
