import {
  CALLBACK_PATH,
  callbackResponseSchema,
  callbackSchema,
  EVENT_STREAM_TYPE,
  EVENTS_PATH,
  eventStreamQuerySchema,
} from "@mission-control/protocol";
import { z } from "zod";
import { PROBLEM_RESPONSE } from "./documentation.ts";
import type { HttpApp, RawHandler } from "./http-app.ts";

export interface RawHandlers {
  /** `POST /api/webhooks/callback[/<dispatchId>]` */
  callbacks: RawHandler;
  /** `GET /api/events` */
  events: RawHandler;
}

/**
 * The routes that the fast lane leaves to the HTTP server: requests that are not plain, or large. The framework finds them
 * by their address and describes them; their handlers get Node's own objects, with the body unread.
 */
export function rawRoutes(app: HttpApp, { callbacks, events }: RawHandlers): void {
  const answer = { 200: callbackResponseSchema, ...PROBLEM_RESPONSE };
  const signed =
    "Signed by Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`) or by `X-Signature-SHA256`; a repeat is answered as the first was, with `duplicate: true`.";
  for (const [path, operationId, summary] of [
    [CALLBACK_PATH, "report", "Report on a task, signed with the shared secret"],
    [
      `${CALLBACK_PATH}/:dispatchId`,
      "reportOnDispatch",
      "Report on a task, signed with the dispatch's own secret",
    ],
  ] as const) {
    app.post(
      path,
      {
        schema: {
          tags: ["Callbacks"],
          operationId,
          summary,
          description: signed,
          security: [],
          body: callbackSchema,
          ...(path === CALLBACK_PATH ? {} : { params: z.object({ dispatchId: z.string() }) }),
          response: answer,
        },
        onRequest: (request, reply) => {
          reply.hijack();
          callbacks(request.raw, reply.raw);
        },
      },
      handledAbove,
    );
  }
  app.get(
    EVENTS_PATH,
    {
      exposeHeadRoute: false,
      schema: {
        tags: ["Events"],
        operationId: "streamEvents",
        summary: "Follow the events as they are committed",
        description:
          "Server-Sent Events. `Last-Event-ID`, or `lastEventId`, resumes after a position; without it the stream begins now. `unnamed=true` leaves the `event` field out.",
        querystring: eventStreamQuerySchema,
        response: {
          200: {
            description: "Events without end.",
            content: { [EVENT_STREAM_TYPE]: { schema: z.string() } },
          },
          ...PROBLEM_RESPONSE,
        },
      },
      onRequest: (request, reply) => {
        reply.hijack();
        events(request.raw, reply.raw);
      },
    },
    handledAbove,
  );
}

function handledAbove(): never {
  throw new Error("A request of the raw handlers reached the framework's own handler.");
}
