import { budgetSchema, createBudgetSchema, patchBudgetSchema } from "@mission-control/protocol";
import { z } from "zod";
import type { Budgets } from "../budgets/budgets.ts";
import { listOf, NO_CONTENT, PROBLEM_RESPONSE } from "./documentation.ts";
import type { HttpApp } from "./http-app.ts";
import { notFound } from "./problems.ts";

const tags = ["Budgets"];
const params = z.object({ id: z.string() });
const response = { 200: budgetSchema, ...PROBLEM_RESPONSE };

/** Everything under `/api/budgets` (docs/contract.md, section 2). */
export function budgetRoutes(app: HttpApp, budgets: Budgets): void {
  app.get(
    "/api/budgets",
    {
      schema: {
        tags,
        operationId: "listBudgets",
        summary: "List budgets, with what was spent in their periods",
        response: { 200: listOf(budgetSchema), ...PROBLEM_RESPONSE },
      },
    },
    async () => ({ items: await budgets.list() }),
  );

  app.post(
    "/api/budgets",
    {
      schema: {
        tags,
        operationId: "createBudget",
        summary: "Set how much may be spent in a day or month, by all, an agent or a tag",
        description:
          "What was spent in the period before it was set counts, too. At 80 and 100 % an event tells of it, once in a period.",
        body: createBudgetSchema,
        response: { 201: budgetSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      const budget = await budgets.create(request.body);
      reply.code(201).header("Location", `/api/budgets/${budget.id}`);
      return budget;
    },
  );

  app.get(
    "/api/budgets/:id",
    { schema: { tags, operationId: "getBudget", summary: "Read a budget", params, response } },
    async (request) => found(await budgets.get(request.params.id)),
  );

  app.patch(
    "/api/budgets/:id",
    {
      schema: {
        tags,
        operationId: "updateBudget",
        summary: "Edit a budget",
        params,
        body: patchBudgetSchema,
        response,
      },
    },
    async (request) => found(await budgets.update(request.params.id, request.body)),
  );

  app.delete(
    "/api/budgets/:id",
    {
      schema: {
        tags,
        operationId: "deleteBudget",
        summary: "Remove a budget",
        params,
        response: { 204: NO_CONTENT, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      if (!(await budgets.remove(request.params.id))) throw notFound("budget");
      return reply.code(204).send();
    },
  );
}

function found<Thing>(thing: Thing | null): Thing {
  if (thing === null) throw notFound("budget");
  return thing;
}
