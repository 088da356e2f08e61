import type { IncomingMessage, ServerResponse } from "node:http";
import { MAX_CALLBACK_BYTES } from "@mission-control/protocol";
import type { Answer } from "./answer.ts";
import { type BodyError, BodyReader } from "./body.ts";
import type { CallbackIntake } from "./intake.ts";

/** Bodies in memory at one time; more is answered with 429. */
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;

const BODY_STATUS = { too_large: 413, over_limit: 429, aborted: 400 } as const satisfies Record<
  BodyError["code"],
  number
>;

/** `POST /api/webhooks/callback[/<dispatchId>]` on Node's HTTP server. */
export function callbackEndpoint(intake: CallbackIntake) {
  const bodies = new BodyReader({ maxBytes: MAX_CALLBACK_BYTES, maxTotalBytes: MAX_TOTAL_BYTES });
  return (request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== "POST") {
      return answer(response, intake.refuse(405, "Callbacks are sent with POST."), "close");
    }
    bodies.read(request, (error, body) => {
      if (error) return answer(response, intake.refuse(BODY_STATUS[error.code], error.message), "close");
      const { url = "", headers } = request;
      void intake.take({ url, headers, body }).then((taken) => answer(response, taken));
    });
  };
}

/** @param connection `close` where the rest of the request will not be read */
function answer(response: ServerResponse, { status, headers, body }: Answer, connection?: "close"): void {
  if (response.destroyed) return;
  for (const [name, value] of headers) response.setHeader(name, value);
  response.setHeader("Content-Length", Buffer.byteLength(body));
  if (connection) response.setHeader("Connection", connection);
  response.statusCode = status;
  response.end(body);
}
