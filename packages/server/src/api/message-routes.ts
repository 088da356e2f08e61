import {
  type MessageView,
  messagePageSchema,
  messageQuerySchema,
  messageSchema,
  sendMessageSchema,
} from "@mission-control/protocol";
import { z } from "zod";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import { AttachmentError } from "../dispatch/message-files.ts";
import { ContentError } from "../store/contents.ts";
import type { Store } from "../store/store.ts";
import type { Message } from "../tasks/task.ts";
import { idempotencyHeaders, keyOf, refuse } from "./changes.ts";
import { PROBLEM_RESPONSE } from "./documentation.ts";
import type { HttpApp } from "./http-app.ts";
import { invalid, notFound, ProblemError } from "./problems.ts";

export interface MessageRoutesParts {
  store: Pick<Store, "task" | "messagesOf">;
  dispatcher: Pick<Dispatcher, "sendMessage">;
}

const tags = ["Tasks"];
const idParams = z.object({ id: z.string() });
/** Whoever may call is the operator: there are no users yet. */
const BY = "operator";

/** Writing to the agent that works on a task (docs/contract.md, section 2). */
export function messageRoutes(app: HttpApp, { store, dispatcher }: MessageRoutesParts): void {
  app.post(
    "/api/tasks/:id/messages",
    {
      schema: {
        tags,
        operationId: "sendMessage",
        summary: "Write to the agent that works on a task",
        description:
          "Answered once the message is kept; how far it comes is told as `message` events. 409 says why nothing can take it. A repeat with the same `Idempotency-Key` and body is answered as the first was.",
        params: idParams,
        headers: idempotencyHeaders,
        body: sendMessageSchema,
        response: { 202: messageSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const key = keyOf(`messages:${id}`, request.headers, request.body);
      const message = { ...request.body, by: BY };
      const result = await dispatcher.sendMessage(id, message, key).catch(badFiles);
      refuse(result);
      if (!result.message) throw notFound("task");
      reply.code(202);
      return messageView(result.message);
    },
  );

  app.get(
    "/api/tasks/:id/messages",
    {
      schema: {
        tags,
        operationId: "listMessages",
        summary: "Read what was written to a task's agents, oldest first",
        description: "`nextCursor` is the `after` of the next page.",
        params: idParams,
        querystring: messageQuerySchema,
        response: { 200: messagePageSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { items, nextCursor } = await store.messagesOf(id, request.query.after, request.query.limit);
      if (items.length === 0 && !(await store.task(id))) throw notFound("task");
      return { items: items.map(messageView), nextCursor };
    },
  );
}

/** The answer to a message whose files cannot be kept. */
function badFiles(error: unknown): never {
  if (error instanceof AttachmentError) {
    const { path, message } = error;
    throw invalid([{ path, message }]);
  }
  if (error instanceof ContentError && error.code === "no_room") {
    throw new ProblemError(507, error.message, { headers: { "Retry-After": "60" } });
  }
  throw error;
}

function messageView({ taskId: _, attachments, ...shown }: Message): MessageView {
  return attachments ? { ...shown, attachments: [...attachments] } : shown;
}
