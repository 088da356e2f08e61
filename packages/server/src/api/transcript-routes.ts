import { transcriptPageSchema, transcriptQuerySchema } from "@mission-control/protocol";
import { z } from "zod";
import type { Store } from "../store/store.ts";
import { PROBLEM_RESPONSE } from "./documentation.ts";
import type { HttpApp } from "./http-app.ts";
import { notFound } from "./problems.ts";
import { searchTranscript } from "./transcript-search.ts";

/** What a task's agents said and did (docs/contract.md, section 2). */
export function transcriptRoutes(app: HttpApp, store: Pick<Store, "task" | "transcript">): void {
  app.get(
    "/api/tasks/:id/transcript",
    {
      schema: {
        tags: ["Tasks"],
        operationId: "getTranscript",
        summary: "Read what a task's agents said and did",
        description:
          "Entries stand in the order in which they began, each with all its parts folded in. `nextCursor` is the `after` of the next page or, with `order=desc`, its `before`; a page of large entries may be short. A stream opened after the first page's `lastEventId` continues the transcript without a gap. With `q`, only entries that have this text, each with where it stands as `matches`; a page then looks at some thousand entries, may be short, even empty, and its cursor goes on.",
        params: z.object({ id: z.string() }),
        querystring: transcriptQuerySchema,
        response: { 200: transcriptPageSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { after, before = Number.MAX_SAFE_INTEGER, order, limit, q } = request.query;
      if (!(await store.task(id))) throw notFound("task");
      const query = { after, before, newestFirst: order === "desc", limit };
      return q === undefined ? store.transcript(id, query) : searchTranscript(store, id, q, query);
    },
  );
}
