import { createSavedViewSchema, patchSavedViewSchema, savedViewSchema } from "@mission-control/protocol";
import { z } from "zod";
import type { Store } from "../store/store.ts";
import { listOf, NO_CONTENT, PROBLEM_RESPONSE } from "./documentation.ts";
import type { HttpApp } from "./http-app.ts";
import { notFound } from "./problems.ts";
import { SavedViews } from "./saved-views.ts";

const tags = ["Views"];
const params = z.object({ id: z.string() });

/** Everything under `/api/views` (docs/contract.md, section 2). */
export function savedViewRoutes(app: HttpApp, store: Pick<Store, "edit" | "record">): void {
  const views = new SavedViews(store);

  app.get(
    "/api/views",
    {
      schema: {
        tags,
        operationId: "listSavedViews",
        summary: "List the filters of Activity and Board that were saved under a name",
        response: { 200: listOf(savedViewSchema), ...PROBLEM_RESPONSE },
      },
    },
    async () => ({ items: [...(await views.list())] }),
  );

  app.post(
    "/api/views",
    {
      schema: {
        tags,
        operationId: "createSavedView",
        summary: "Save filters under a name",
        body: createSavedViewSchema,
        response: { 201: savedViewSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      reply.code(201);
      return views.create(request.body);
    },
  );

  app.patch(
    "/api/views/:id",
    {
      schema: {
        tags,
        operationId: "updateSavedView",
        summary: "Rename a saved view, give it other filters, or move it in the list",
        params,
        body: patchSavedViewSchema,
        response: { 200: savedViewSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => {
      const view = await views.update(request.params.id, request.body);
      if (!view) throw notFound("view");
      return view;
    },
  );

  app.delete(
    "/api/views/:id",
    {
      schema: {
        tags,
        operationId: "deleteSavedView",
        summary: "Remove a saved view",
        params,
        response: { 204: NO_CONTENT, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      if (!(await views.remove(request.params.id))) throw notFound("view");
      return reply.code(204).send();
    },
  );
}
