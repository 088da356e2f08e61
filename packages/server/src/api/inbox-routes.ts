import { type InboxItem, inboxQuerySchema, inboxSchema } from "@mission-control/protocol";
import type { Store } from "../store/store.ts";
import type { Task } from "../tasks/task.ts";
import { PROBLEM_RESPONSE } from "./documentation.ts";
import type { HttpApp } from "./http-app.ts";
import { taskSummary } from "./task-view.ts";

/** `GET /api/inbox` (docs/contract.md, section 2). */
export function inboxRoutes(app: HttpApp, store: Pick<Store, "inbox">): void {
  app.get(
    "/api/inbox",
    {
      schema: {
        tags: ["Tasks"],
        operationId: "getInbox",
        summary: "List what waits for a human, oldest first",
        description:
          "Questions of agents, answers that they did not get, results in review, failures, and agents that are silent; at most `limit` of each kind. Exact as of `lastEventId`: a stream opened after it misses nothing.",
        querystring: inboxQuerySchema,
        response: { 200: inboxSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => {
      const { items, ...told } = await store.inbox(request.query.limit);
      return { items: items.flatMap(itemOf), ...told };
    },
  );
}

function itemOf(task: Task): InboxItem[] {
  if (!task.waiting) return [];
  const { kind, since } = task.waiting;
  const request = kind === "question" && task.waitingFor ? { request: task.waitingFor } : {};
  return [{ kind, task: taskSummary(task), since, ...request }];
}
