import type { IncomingMessage, ServerResponse } from "node:http";
import { MAX_CALLBACK_BYTES } from "@mission-control/protocol";
import type { Answer } from "./answer.ts";
import { type BodyError, BodyReader } from "./body.ts";
import type { CallbackIntake } from "./intake.ts";

/** Bodies in memory at one time; more is answered with 429. */
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;

/** What a client may go on sending after it was refused, so that it comes to read the refusal. */
const MAX_DROPPED_BYTES = 64 * 1024 * 1024;
/** How long it may pause meanwhile, in milliseconds. */
const MAX_PAUSE_MS = 1000;

const BODY_STATUS = { too_large: 413, over_limit: 429, aborted: 400 } as const satisfies Record<
  BodyError["code"],
  number
>;

/** `POST /api/webhooks/callback[/<dispatchId>]` on Node's HTTP server. */
export function callbackEndpoint(intake: CallbackIntake) {
  const bodies = new BodyReader({ maxBytes: MAX_CALLBACK_BYTES, maxTotalBytes: MAX_TOTAL_BYTES });
  return (request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== "POST") {
      return answerEarly(request, response, intake.refuse(405, "Callbacks are sent with POST."));
    }
    bodies.read(request, (error, body) => {
      if (error) return answerEarly(request, response, intake.refuse(BODY_STATUS[error.code], error.message));
      const { url = "", headers } = request;
      void intake.take({ url, headers, body }).then((taken) => answer(response, taken));
    });
  };
}

function answer(response: ServerResponse, taken: Answer): void {
  if (response.destroyed) return;
  writeHead(response, taken);
  response.end(taken.body);
}

/**
 * Answers a request whose body will not be read. The whole answer is sent at once, but the connection is closed only
 * after the client stopped sending: closed earlier, it would be reset, and the answer lost with it.
 */
function answerEarly(request: IncomingMessage, response: ServerResponse, refusal: Answer): void {
  if (response.destroyed) return;
  writeHead(response, refusal);
  response.setHeader("Connection", "close");
  response.write(refusal.body);
  let dropped = 0;
  request
    .on("data", (bytes: Buffer) => {
      dropped += bytes.length;
      if (dropped > MAX_DROPPED_BYTES) response.end();
    })
    .setTimeout(MAX_PAUSE_MS, () => response.end())
    .once("close", () => response.end());
}

function writeHead(response: ServerResponse, { status, headers, body }: Answer): void {
  response.statusCode = status;
  for (const [name, value] of headers) response.setHeader(name, value);
  response.setHeader("Content-Length", Buffer.byteLength(body));
}
