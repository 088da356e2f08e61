import {
  type EventFilter,
  eventFilterQuerySchema,
  eventPositionSchema,
  pageLimitSchema,
  searchTextSchema,
} from "@mission-control/protocol";
import { z } from "zod";
import type { AgentDirectory } from "../agents/agent-directory.ts";
import type { Store } from "../store/store.ts";
import { eventPageSchema, PROBLEM_RESPONSE } from "./documentation.ts";
import { searchEvents } from "./event-search.ts";
import type { HttpApp } from "./http-app.ts";
import { notFound } from "./problems.ts";

const tags = ["Events"];
const response = { 200: eventPageSchema, ...PROBLEM_RESPONSE };

/** Reading back the log the stream is made from (docs/contract.md, section 2). */
export function eventRoutes(
  app: HttpApp,
  store: Pick<Store, "task" | "taskEvents" | "history">,
  agents: Pick<AgentDirectory, "get">,
): void {
  const source = { store, agentName: (id: string) => agents.get(id)?.name };
  app.get(
    "/api/tasks/:id/events",
    {
      schema: {
        tags,
        operationId: "listTaskEvents",
        summary: "Read a task's events, oldest first",
        description: "`nextCursor` is the `after` of the next page.",
        params: z.object({ id: z.string() }),
        querystring: z.object({ after: eventPositionSchema.default(0), limit: pageLimitSchema }),
        response,
      },
    },
    async (request) => {
      const { id } = request.params;
      const page = await store.taskEvents(id, request.query.after, request.query.limit);
      // A deleted task's events can still be read; one that never was has none.
      if (page.items.length === 0 && !(await store.task(id))) throw notFound("task");
      return page;
    },
  );

  app.get(
    "/api/events/history",
    {
      schema: {
        tags,
        operationId: "listEvents",
        summary: "Read events, newest first",
        description:
          "`nextCursor` is the `before` of the next page. With `q`, a page looks at some thousand events: it may be short, even empty, and its cursor goes on.",
        querystring: eventFilterQuerySchema.extend({
          q: searchTextSchema.optional(),
          before: eventPositionSchema.optional(),
          limit: pageLimitSchema,
        }),
        response,
      },
    },
    async (request) => {
      const { before, limit, taskId, agentId, types, q } = request.query;
      const filter: EventFilter = {
        ...(taskId === undefined ? {} : { taskId }),
        ...(agentId === undefined ? {} : { agentId }),
        ...(types === undefined ? {} : { types }),
      };
      if (q !== undefined) return searchEvents(source, q, before ?? null, filter, limit);
      return store.history(before ?? null, filter, limit);
    },
  );
}
