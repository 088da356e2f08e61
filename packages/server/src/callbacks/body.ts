import type { IncomingMessage } from "node:http";

/** Why a body could not be had whole. */
export class BodyError extends Error {
  readonly code: "too_large" | "over_limit" | "aborted";
  override name = "BodyError";

  constructor(code: BodyError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** Reads request bodies into memory, each and all together within bounds. */
export class BodyReader {
  readonly #maxBytes: number;
  readonly #maxTotalBytes: number;
  #total = 0;

  /**
   * @param maxBytes of one body
   * @param maxTotalBytes of all bodies that are being read at one time
   */
  constructor(options: { maxBytes: number; maxTotalBytes: number }) {
    this.#maxBytes = options.maxBytes;
    this.#maxTotalBytes = options.maxTotalBytes;
  }

  /** Calls back once, with the raw bytes or with why they could not be had. */
  read(request: IncomingMessage, done: (error: BodyError | null, body: Buffer) => void): void {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (error: BodyError | null) => {
      request.off("data", onData).off("end", onEnd).off("error", onAborted).off("close", onAborted);
      this.#total -= size;
      const [first] = chunks;
      done(error, error || !first ? EMPTY : chunks.length === 1 ? first : Buffer.concat(chunks, size));
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      this.#total += chunk.length;
      chunks.push(chunk);
      if (size > this.#maxBytes) finish(tooLarge(this.#maxBytes));
      else if (this.#total > this.#maxTotalBytes) {
        finish(new BodyError("over_limit", "Too many callbacks are being sent at once; try again."));
      }
    };
    const onEnd = () => finish(null);
    const onAborted = () =>
      finish(new BodyError("aborted", "The request ended before its body was complete."));
    if (Number(request.headers["content-length"]) > this.#maxBytes) {
      done(tooLarge(this.#maxBytes), EMPTY);
      return;
    }
    request.on("data", onData).on("end", onEnd).on("error", onAborted).on("close", onAborted);
  }
}

const EMPTY = Buffer.alloc(0);

function tooLarge(maxBytes: number): BodyError {
  return new BodyError("too_large", `The body is over ${maxBytes / 1024} KiB.`);
}
