import { asNumber, asObject, asText, type ResponseFrame } from "./frames.ts";

/** The connection to the gateway ended before an answer came: what was asked may or may not have been done. */
export class ConnectionLostError extends Error {
  readonly code = "connection_lost";
  override name = "ConnectionLostError";
}

/** The gateway did not answer in time: what was asked may or may not have been done. */
export class RequestTimeoutError extends Error {
  readonly code = "request_timeout";
  override name = "RequestTimeoutError";
}

/** The gateway answered no: what was asked was not done. */
export class RequestRefusedError extends Error {
  override name = "RequestRefusedError";
  /** The gateway's code, such as `INVALID_REQUEST`, `FORBIDDEN` or `UNAVAILABLE`. */
  readonly code: string;
  /** The finer code some refusals carry in their details, such as `PAIRING_REQUIRED`. */
  readonly detailCode: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly requestId: string | undefined;

  constructor(response: ResponseFrame) {
    const error = response.error ?? {};
    const details = asObject(error.details);
    super(asText(error.message) ?? "The gateway refused without saying why.");
    this.code = asText(error.code) ?? "UNKNOWN";
    this.detailCode = asText(details.code);
    this.retryable = error.retryable === true;
    this.retryAfterMs = asNumber(error.retryAfterMs);
    this.requestId = asText(details.requestId);
  }
}

/** Connecting failed. The message is a sentence for the operator, saying what to do where something can be done. */
export class ConnectError extends Error {
  override name = "ConnectError";
  readonly code: "connect_failed" | "pairing_required" | "device_token_refused";
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ConnectError["code"],
    message: string,
    options: ErrorOptions & { retryAfterMs?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Turns the refusal of a `connect` request into a sentence that says what the operator can do. */
export function explainConnectRefusal(refusal: RequestRefusedError, deviceId: string | null): ConnectError {
  const retry = refusal.retryAfterMs === undefined ? {} : { retryAfterMs: refusal.retryAfterMs };
  const failed = (message: string) =>
    new ConnectError("connect_failed", message, { cause: refusal, ...retry });
  switch (refusal.detailCode) {
    case "PAIRING_REQUIRED":
      return new ConnectError(
        "pairing_required",
        `The gateway does not know this device yet (device id ${deviceId}): approve it on the gateway's machine with "openclaw devices approve ${refusal.requestId ?? deviceId}".`,
        { cause: refusal, ...retry },
      );
    case "AUTH_DEVICE_TOKEN_MISMATCH":
      return new ConnectError(
        "device_token_refused",
        "The gateway no longer takes this device's own token.",
        {
          cause: refusal,
        },
      );
    case "AUTH_TOKEN_MISMATCH":
      return failed("The gateway refused the token: it is not the one in its gateway.auth.token.");
    case "AUTH_TOKEN_MISSING":
      return failed("The gateway asks for a token and none is set.");
    case "DEVICE_IDENTITY_REQUIRED":
      return failed("The gateway asks for a token, or for a device it knows: set its token.");
    case "PROTOCOL_MISMATCH":
      return failed("The gateway does not speak protocol 3 or 4: it is too old or too new for this version.");
    default:
      return failed(
        `The gateway refused the connection: ${refusal.message} (${refusal.detailCode ?? refusal.code}).`,
      );
  }
}
