import "../issue-words.ts";
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import {
  type Callback,
  type Problem,
  readCallback,
  TIMESTAMP_TOLERANCE_SECONDS,
} from "@mission-control/protocol";
import { z } from "zod";
import { detailOf } from "../problem.ts";
import type { IdempotencyKey } from "../store/receipt.ts";
import { pathOfLoneSurrogate } from "../unicode.ts";
import type { Verified } from "./signature.ts";

const LONE_SURROGATE =
  "holds half of a surrogate pair (\\ud800 to \\udfff alone), which is no character: cut texts between characters";

/** A callback ready for the rules. */
export interface ParsedCallback {
  callback: Callback;
  dispatchId: string | undefined;
  /** When it happened, by the agent's clock; ISO 8601 UTC. */
  at: string;
  key: IdempotencyKey;
}

/** Why a verified delivery is no callback. */
export interface Malformed {
  status: 400 | 415;
  detail: string;
  errors?: NonNullable<Problem["errors"]>;
}

/**
 * Reads a verified delivery.
 * @param now the server's clock
 */
export function parseCallback(
  headers: IncomingHttpHeaders,
  body: Buffer,
  urlDispatchId: string | null,
  verified: Verified,
  now: Date,
): ParsedCallback | Malformed {
  const unsupported = checkMediaType(headers);
  if (unsupported) return { status: 415, detail: unsupported };
  let json: unknown;
  const text = body.toString();
  try {
    if (!isUtf8(body)) throw new SyntaxError("it is not UTF-8");
    json = JSON.parse(text);
  } catch (error) {
    return { status: 400, detail: `The body is not JSON: ${(error as Error).message}.` };
  }
  const illFormed = pathOfLoneSurrogate(text, json);
  if (illFormed !== null) return malformed([{ path: illFormed, message: LONE_SURROGATE }]);
  const parsed = readCallback(json);
  if (!parsed.success) {
    return malformed(
      parsed.error.issues.map(({ path, message }) => ({ path: z.core.toDotPath(path), message })),
    );
  }
  const callback = parsed.data;
  const dispatchId = urlDispatchId ?? callback.dispatchId;
  if (callback.dispatchId !== undefined && callback.dispatchId !== dispatchId) {
    return malformed([{ path: "dispatchId", message: "differs from the dispatch in the URL" }]);
  }
  if (verified.scheme === "standard") {
    const at = callback.timestamp ?? new Date(verified.timestamp * 1000).toISOString();
    return { callback, dispatchId, at, key: { key: verified.id } };
  }
  if (callback.timestamp === undefined) {
    return malformed([{ path: "timestamp", message: "is required with X-Signature-SHA256" }]);
  }
  const at = callback.timestamp;
  const offBySeconds = Math.abs(now.getTime() - Date.parse(at)) / 1000;
  const id = callback.id ?? createHash("sha256").update(body).digest("base64url");
  const key: IdempotencyKey = { key: id };
  if (offBySeconds > TIMESTAMP_TOLERANCE_SECONDS) key.onlyIfKnown = true;
  return { callback, dispatchId, at, key };
}

function checkMediaType(headers: IncomingHttpHeaders): string | null {
  const mediaType = headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (mediaType !== "application/json") return "Send the callback as application/json.";
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") return "Send the body without content encoding.";
  return null;
}

function malformed(errors: NonNullable<Problem["errors"]>): Malformed {
  return { status: 400, detail: detailOf(errors, "The body is not a callback"), errors };
}
