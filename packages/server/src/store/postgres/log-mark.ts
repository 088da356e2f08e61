import { join } from "node:path";
import { makeFolder } from "@mission-control/protocol/make-folder";
import { z } from "zod";
import { StateFile } from "../state-file.ts";

/** Between two notes in the file, in milliseconds. */
const NOTE_PAUSE_MS = 1000;

const markSchema = z.object({
  /** Which log; the database holds the same, and so do its copies. */
  log: z.string(),
  /** Id of an event that was stored for certain. */
  newest: z.number().int().nonnegative(),
});
type Mark = z.infer<typeof markSchema>;

/**
 * The newest event that this node knows to have been stored, kept in its data folder as well: outside the database, which
 * cannot know by itself that it was replaced by an older copy.
 */
export class LogMark {
  readonly #file: StateFile<Mark> | null;
  #mark: Mark | null = null;
  #timer: NodeJS.Timeout | undefined;

  /** @param folder the data folder, made when missing; without one, the mark is kept in memory alone */
  constructor(folder: string | undefined) {
    if (folder === undefined) this.#file = null;
    else {
      makeFolder(folder, 0o700);
      this.#file = new StateFile(join(folder, "mission-control.log-mark"), markSchema);
    }
  }

  /** Id of the newest event of the log that this node works on. */
  get newest(): number {
    return this.#mark?.newest ?? 0;
  }

  /** Id of the newest event that was seen of a log, here or by an earlier server on this folder; 0 for none. */
  newestOf(log: string): number {
    const mark = this.#mark ?? this.#left();
    return mark?.log === log ? mark.newest : 0;
  }

  /** Takes note of a log, as it is when this node begins. */
  begin(log: string, newest: number): void {
    this.#mark = { log, newest: Math.max(newest, this.newestOf(log)) };
    this.#file?.write(this.#mark);
  }

  /** An event is durable. In the file a second later at most, without waiting for the disk. */
  note(newest: number): void {
    if (!this.#mark || newest <= this.#mark.newest) return;
    this.#mark.newest = newest;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#mark) this.#file?.note(this.#mark);
    }, NOTE_PAUSE_MS).unref();
  }

  /** Writes it for good. */
  close(): void {
    clearTimeout(this.#timer);
    if (this.#mark) this.#file?.write(this.#mark);
    this.#file?.close();
  }

  /** What cannot be understood counts for nothing, such as a file whose content a power cut took. */
  #left(): Mark | null {
    try {
      return this.#file?.read() ?? null;
    } catch {
      return null;
    }
  }
}
