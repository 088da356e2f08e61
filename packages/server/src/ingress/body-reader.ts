import type { IncomingMessage } from "node:http";
import type { ClientAddresses } from "../client-address.ts";
import type { BodyBudget, GivesWay } from "../limits/body-budget.ts";
import type { Metrics } from "../metrics.ts";

/** Smallest buffer that pieces of a body are gathered in, in bytes. */
const FIRST_BUFFER_BYTES = 4096;

/** Why a body could not be had whole. */
export class BodyError extends Error {
  readonly code: "too_large" | "over_limit" | "too_slow" | "aborted";
  override name = "BodyError";

  constructor(code: BodyError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** The status that tells why a body was not read. */
export const BODY_STATUS = {
  too_large: 413,
  over_limit: 429,
  too_slow: 408,
  aborted: 400,
} as const satisfies Record<BodyError["code"], number>;

/** Reads request bodies into memory, each within its bound and all within their budget. */
export class BodyReader {
  readonly #budget: BodyBudget;
  readonly #addresses: ClientAddresses;
  readonly #metrics: Pick<Metrics, "limited">;

  constructor(budget: BodyBudget, addresses: ClientAddresses, metrics: Pick<Metrics, "limited">) {
    this.#budget = budget;
    this.#addresses = addresses;
    this.#metrics = metrics;
  }

  /**
   * Calls back once, with the raw bytes or with why they could not be had; what still comes after that is left unread.
   * @param maxBytes of this body
   */
  read(
    request: IncomingMessage,
    maxBytes: number,
    done: (error: BodyError | null, body: Buffer) => void,
  ): void {
    if (Number(request.headers["content-length"]) > maxBytes) {
      done(tooLarge(maxBytes), EMPTY);
      return;
    }
    const pieces = new Pieces();
    const finish = (error: BodyError | null) => {
      request.off("data", onData).off("end", onEnd).off("error", onAborted).off("close", onAborted);
      account.close();
      done(error, error ? EMPTY : pieces.whole());
    };
    const account = this.#budget.open(this.#addresses.of(request), (why) => finish(this.#gaveWay(why)));
    const onData = (piece: Buffer) => {
      pieces.add(piece);
      if (pieces.bytes > maxBytes) finish(tooLarge(maxBytes));
      else account.add(piece.length);
    };
    const onEnd = () => finish(null);
    const onAborted = () =>
      finish(new BodyError("aborted", "The request ended before its body was complete."));
    request.on("data", onData).on("end", onEnd).on("error", onAborted).on("close", onAborted);
  }

  #gaveWay(why: GivesWay): BodyError {
    this.#metrics.limited(why === "too_slow" ? "body_rate" : "body_bytes");
    return new BodyError(why, GAVE_WAY[why]);
  }
}

/** Bytes that come in pieces, gathered in one buffer: however small they are, they cost no more than their length. */
class Pieces {
  bytes = 0;
  #buffer: Buffer = EMPTY;

  add(piece: Buffer): void {
    const bytes = this.bytes + piece.length;
    if (this.bytes === 0) this.#buffer = piece;
    else {
      if (bytes > this.#buffer.length) this.#grow(bytes);
      piece.copy(this.#buffer, this.bytes);
    }
    this.bytes = bytes;
  }

  whole(): Buffer {
    return this.#buffer.subarray(0, this.bytes);
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2, FIRST_BUFFER_BYTES));
    this.#buffer.copy(larger, 0, 0, this.bytes);
    this.#buffer = larger;
  }
}

const EMPTY = Buffer.alloc(0);

const GAVE_WAY = {
  over_limit: "Too much is being sent at once; try again.",
  too_slow: "The body came too slowly; try again.",
} as const satisfies Record<GivesWay, string>;

function tooLarge(maxBytes: number): BodyError {
  return new BodyError("too_large", `The body is over ${maxBytes / 1024} KiB.`);
}
