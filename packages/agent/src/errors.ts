/** Why a callback was not stored. */
export type CallbackErrorCode =
  /** Mission Control said no for good (a 4xx that is not retried); see `status`. */
  | "refused"
  /** Every try of the schedule failed. With a spool the callback is kept there. */
  | "undeliverable"
  /** Its signal was aborted before it was delivered. */
  | "aborted"
  /** The reporter was closed. */
  | "closed";

/** A callback that was not stored by Mission Control. The message says why, in words. */
export class CallbackError extends Error {
  override name = "CallbackError";
  readonly code: CallbackErrorCode;
  /** The HTTP status of the last answer, when there was one. */
  readonly status: number | undefined;
  /** How long the last answer asked to wait, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(
    code: CallbackErrorCode,
    message: string,
    options: { status?: number | undefined; retryAfter?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status;
    this.retryAfter = options.retryAfter;
  }
}

/** Settings that cannot work; the message names the one that is missing or wrong. */
export class ConfigurationError extends Error {
  override name = "ConfigurationError";
  readonly code = "configuration";
}
