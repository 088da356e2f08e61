import type { Logger } from "../logger.ts";

/** Between two lines about one outage, in milliseconds. */
const PAUSE_MS = 10_000;

/**
 * Logs that the database cannot be written or read: when it begins, then now and then with how much was refused
 * meanwhile, and when it is over. A line for each refusal would fill what is left of the disk.
 */
export class OutageLog {
  readonly #logger: Pick<Logger, "error"> | undefined;
  readonly #database: object;
  readonly #clock: () => number;
  #refused = 0;
  #lastFailure = Number.NEGATIVE_INFINITY;
  #lastLine = Number.NEGATIVE_INFINITY;

  /**
   * @param database what names it in each line
   * @param clock milliseconds that never go back
   */
  constructor(logger: Pick<Logger, "error"> | undefined, database: object, clock = () => performance.now()) {
    this.#logger = logger;
    this.#database = database;
    this.#clock = clock;
  }

  failed(error: unknown): void {
    this.#refused++;
    this.#lastFailure = this.#clock();
    if (this.#lastFailure - this.#lastLine >= PAUSE_MS)
      this.#log({ err: error }, "the database cannot be used");
  }

  /** Something was committed. Called for each commit. */
  worked(): void {
    if (this.#lastFailure === Number.NEGATIVE_INFINITY) return;
    // A disk that is nearly full takes the small and refuses the large: that is no end.
    if (this.#clock() - this.#lastFailure < PAUSE_MS) return;
    this.#lastFailure = Number.NEGATIVE_INFINITY;
    this.#log({}, "the database can be used again");
  }

  #log(fields: object, message: string): void {
    this.#logger?.error({ ...fields, ...this.#database, refused: this.#refused }, message);
    this.#lastLine = this.#clock();
    this.#refused = 0;
  }
}
