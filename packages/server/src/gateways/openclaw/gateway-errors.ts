import type { JsonObject } from "@mission-control/protocol";
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

/** What was to be sent is larger than the gateway takes: it was not sent. */
export class FrameTooLargeError extends Error {
  readonly code = "frame_too_large";
  override name = "FrameTooLargeError";

  /** @param maxBytes the gateway's limit (`policy.maxPayload`) */
  constructor(bytes: number, maxBytes: number) {
    super(`it takes ${inMebibytes(bytes)}, and the gateway takes at most ${inMebibytes(maxBytes)} at once`);
  }
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
  /** The details, as the gateway gave them. */
  readonly details: JsonObject;

  constructor(response: ResponseFrame) {
    const error = response.error ?? {};
    const details = asObject(error.details);
    super(asText(error.message) ?? "The gateway refused without saying why.");
    this.code = asText(error.code) ?? "UNKNOWN";
    this.detailCode = asText(details.code);
    this.retryable = error.retryable === true;
    this.retryAfterMs = asNumber(error.retryAfterMs);
    this.details = details;
  }
}

/** Connecting failed. The message is a sentence for the operator, saying what to do where something can be done. */
export class ConnectError extends Error {
  override name = "ConnectError";
  readonly code: "connect_failed" | "pairing_required" | "token_refused" | "protocol_mismatch";
  /** Fewer scopes may be granted at once. */
  readonly scopesRefused: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ConnectError["code"],
    message: string,
    options: ErrorOptions & { retryAfterMs?: number | undefined; scopesRefused?: boolean } = {},
  ) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    this.scopesRefused = options.scopesRefused ?? false;
  }
}

const SHOW_TOKEN = 'On the gateway\'s machine, "openclaw gateway auth-token --show" tells it.';

/** Turns the refusal of a `connect` request into a sentence that says what the operator can do. */
export function explainConnectRefusal(refusal: RequestRefusedError, deviceId: string | null): ConnectError {
  const { details, retryAfterMs } = refusal;
  const because = (
    code: ConnectError["code"],
    message: string,
    { scopesRefused = false }: { scopesRefused?: boolean } = {},
  ) => new ConnectError(code, message, { cause: refusal, retryAfterMs, scopesRefused });
  switch (refusal.detailCode) {
    case "PAIRING_REQUIRED":
      return because("pairing_required", explainPairing(details, deviceId), {
        scopesRefused: details.reason === "scope-upgrade",
      });
    case "AUTH_SCOPE_MISMATCH":
      return because(
        "token_refused",
        `This device's own token does not cover what is asked for, and no right shared token came with it: set the gateway's token. ${SHOW_TOKEN}`,
        { scopesRefused: true },
      );
    case "AUTH_DEVICE_TOKEN_MISMATCH":
      return because("token_refused", "The gateway no longer takes this device's own token.");
    case "AUTH_TOKEN_MISMATCH":
    case "AUTH_PASSWORD_MISMATCH":
      return because(
        "token_refused",
        `The gateway refused the token: it is not the one in its gateway.auth. ${SHOW_TOKEN}`,
      );
    case "AUTH_TOKEN_MISSING":
    case "AUTH_PASSWORD_MISSING":
      return because(
        "connect_failed",
        `The gateway asks for a token and none is set; what stands in its URL is not read as one. ${SHOW_TOKEN}`,
      );
    case "AUTH_RATE_LIMITED":
      return because(
        "connect_failed",
        "The gateway refuses this address for a while, after too many tries with a wrong token.",
      );
    case "DEVICE_IDENTITY_REQUIRED":
      return because(
        "connect_failed",
        "The gateway asks for a token, or for a device it knows: set its token.",
      );
    case "PROTOCOL_MISMATCH":
      return because(
        "protocol_mismatch",
        "The gateway does not speak protocol 4 or 3: it is too old or too new for this version.",
      );
    default:
      return because(
        "connect_failed",
        `The gateway refused the connection: ${refusal.message} (${refusal.detailCode ?? refusal.code}).`,
      );
  }
}

/** Why the gateway wants the device approved, and the command that does it. */
function explainPairing({ reason, requestId, ...details }: JsonObject, deviceId: string | null): string {
  const command = `"openclaw devices approve ${asText(requestId) ?? deviceId}"`;
  switch (reason) {
    case "role-upgrade":
      return `The gateway has taken back what this device may do (device id ${deviceId}): give it again on the gateway's machine with ${command}.`;
    case "scope-upgrade": {
      const approved = texts(details.approvedScopes);
      const wanting = texts(details.requestedScopes).filter((scope) => !approved.includes(scope));
      return `The gateway has approved this device without ${wanting.join(" and ") || "all it asks for"} (device id ${deviceId}): approve that on the gateway's machine with ${command}.`;
    }
    case "metadata-upgrade":
      return `The gateway knows this device by other particulars (device id ${deviceId}): approve it again on the gateway's machine with ${command}.`;
    default:
      return `The gateway does not know this device yet (device id ${deviceId}): approve it on the gateway's machine with ${command}.`;
  }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

function inMebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
