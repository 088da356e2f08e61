import type { Logger } from "../../logger.ts";
import { OutageLog } from "../outage-log.ts";
import { StoreUnavailableError } from "../store.ts";
import { BackgroundCheck } from "./damage.ts";
import { engineReason, saysDamaged } from "./engine-error.ts";
import type { InstanceMarker } from "./instance-marker.ts";

export interface FileHealthOptions {
  /** The database file, as it is named in messages. */
  file: string;
  marker: InstanceMarker;
  /** Whether the whole file is to be checked, because its last use did not end in order. */
  needsCheck: boolean;
  logger: Pick<Logger, "error"> | undefined;
  /** Called once, when the file turns out to be damaged: nothing more may be written to it. */
  refuse: (reason: string) => void;
}

/** Whether the database file can be used: outages come and go, damage stays. */
export class FileHealth {
  readonly #options: FileHealthOptions;
  readonly #outages: OutageLog;
  readonly #check: BackgroundCheck | null;
  #isDamaged = false;

  constructor(options: FileHealthOptions) {
    const { file, needsCheck, logger } = options;
    this.#options = options;
    this.#outages = new OutageLog(logger, { file });
    this.#check = needsCheck
      ? new BackgroundCheck(file, (detail) => {
          if (detail !== null) this.#damaged(detail);
        })
      : null;
  }

  /** @throws StoreUnavailableError where the engine could not read */
  read<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      const reason = engineReason(error);
      if (reason === null) throw error;
      this.failed(error);
      throw new StoreUnavailableError(`The database cannot be used now: ${reason}.`, { cause: error });
    }
  }

  /** The engine could not do something. */
  failed(error: unknown): void {
    if (saysDamaged(error)) this.#damaged(error instanceof Error ? error.message : String(error));
    else this.#outages.failed(error);
  }

  /** A commit was made. @param newest id of the newest event */
  committed(newest: number): void {
    this.#outages.worked();
    this.#options.marker.note(newest);
  }

  async close(): Promise<void> {
    await this.#check?.close();
  }

  /** What is written to a damaged file may be lost, and may damage more of it: agents keep what they have to say. */
  #damaged(detail: string): void {
    if (this.#isDamaged) return;
    this.#isDamaged = true;
    const { file, marker, logger, refuse } = this.#options;
    refuse("The database is damaged; the server's log names the file.");
    marker.damaged();
    logger?.error(
      { file, detail },
      "the database is damaged: nothing more is stored; stop the server and restore the file from a backup",
    );
  }
}
