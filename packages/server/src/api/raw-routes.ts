import {
  ARTIFACTS_SEGMENT,
  CALLBACK_PATH,
  callbackResponseSchema,
  callbackSchema,
  EVENT_STREAM_TYPE,
  EVENTS_PATH,
  eventStreamQuerySchema,
  SIMPLE_SIGNATURE_HEADER,
} from "@mission-control/protocol";
import type { onRequestHookHandler } from "fastify";
import { z } from "zod";
import { bytesSchema, PROBLEM_RESPONSE } from "./documentation.ts";
import type { HttpApp, RawHandler } from "./http-app.ts";

export interface RawHandlers {
  /** `POST /api/webhooks/callback[/<dispatchId>]` */
  callbacks: RawHandler;
  /** `GET /api/events` */
  events: RawHandler;
  /** `PUT` and `HEAD /api/webhooks/callback/<dispatchId>/artifacts/<name>` */
  uploads: RawHandler;
}

/**
 * The routes that the fast lane leaves to the HTTP server: requests that are not plain, or large. The framework finds them
 * by their address and describes them; their handlers get Node's own objects, with the body unread.
 * @param allowTime lets a request take longer than others
 */
export function rawRoutes(
  app: HttpApp,
  { callbacks, events, uploads }: RawHandlers,
  allowTime: RawHandler,
): void {
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
  const upload: onRequestHookHandler = (request, reply) => {
    reply.hijack();
    allowTime(request.raw, reply.raw);
    uploads(request.raw, reply.raw);
  };
  const uploadPath = `${CALLBACK_PATH}/:dispatchId/${ARTIFACTS_SEGMENT}/:name`;
  const uploadParams = z.object({ dispatchId: z.string(), name: z.string() });
  app.head(
    uploadPath,
    {
      schema: {
        tags: ["Callbacks"],
        operationId: "uploadOffset",
        summary: "Ask where an upload that was cut off goes on",
        description:
          "Signed as the upload is, over the `Repr-Digest`, which has the SHA-256 of the whole. `Upload-Offset` tells how many bytes are kept; a request that still brings some is ended by this.",
        security: [],
        params: uploadParams,
        headers: z.object({ "repr-digest": z.string(), [SIMPLE_SIGNATURE_HEADER]: z.string() }),
        response: { 204: z.null().describe("How far it is, in `Upload-Offset`."), ...PROBLEM_RESPONSE },
      },
      onRequest: upload,
    },
    handledAbove,
  );
  app.put(
    uploadPath,
    {
      schema: {
        tags: ["Callbacks"],
        operationId: "uploadArtifact",
        summary: "Upload an artifact that is too large for a callback",
        description:
          "Signed with the dispatch's own secret by `X-Signature-SHA256`, over the dispatch's id, the name and the `Content-Digest`, a line feed between them; `Content-Digest` has the body's SHA-256 (RFC 9530). Sent again, it is answered as the first was, with `duplicate: true`. One that was cut off goes on with `Content-Range`, which is signed too, after one more line feed, and with the `Repr-Digest` of the whole; 409 with `Upload-Offset` where it does not begin there.",
        security: [],
        params: uploadParams,
        headers: z.object({
          "content-digest": z.string().optional(),
          "repr-digest": z.string().optional(),
          "content-range": z.string().optional(),
          [SIMPLE_SIGNATURE_HEADER]: z.string(),
        }),
        consumes: ["application/octet-stream"],
        body: bytesSchema,
        response: answer,
      },
      onRequest: upload,
    },
    handledAbove,
  );
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
