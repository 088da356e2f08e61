import type { IncomingMessage, ServerResponse } from "node:http";
import { MAX_CALLBACK_BYTES } from "@mission-control/protocol";
import type { ClientAddresses } from "../client-address.ts";
import { BODY_STATUS, type BodyReader } from "../ingress/body-reader.ts";
import { answerEarly, writeHead } from "../ingress/early-answer.ts";
import type { Answer } from "./answer.ts";
import type { CallbackIntake } from "./intake.ts";

/** `POST /api/webhooks/callback[/<dispatchId>]` on Node's HTTP server. */
export function callbackEndpoint(intake: CallbackIntake, bodies: BodyReader, addresses: ClientAddresses) {
  return (request: IncomingMessage, response: ServerResponse) => {
    const { method = "", url = "", headers } = request;
    const address = addresses.of(request);
    const refuse = (...refusal: Parameters<CallbackIntake["refuse"]>) =>
      answerEarly(request, response, intake.refuseUnread({ method, url, headers, address }, ...refusal));
    if (method !== "POST") return refuse(405, "Callbacks are sent with POST.");
    bodies.read(request, MAX_CALLBACK_BYTES, (error, body) => {
      if (error) return refuse(BODY_STATUS[error.code], error.message);
      void intake.take({ url, headers, body, address }).then((taken) => answer(response, taken));
    });
  };
}

function answer(response: ServerResponse, taken: Answer): void {
  if (response.destroyed) return;
  writeHead(response, taken);
  response.end(taken.body);
}
