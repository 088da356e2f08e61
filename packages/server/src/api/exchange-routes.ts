import { exchangeDetailSchema, exchangePageSchema, exchangeQuerySchema } from "@mission-control/protocol";
import { z } from "zod";
import { PROBLEM_RESPONSE } from "./documentation.ts";
import { type ExchangeListParts, listExchanges, readExchange } from "./exchange-list.ts";
import type { HttpApp } from "./http-app.ts";
import { notFound } from "./problems.ts";

const tags = ["Deliveries"];

/** Everything that was sent and answered, in one list (docs/contract.md, section 2). */
export function exchangeRoutes(app: HttpApp, parts: ExchangeListParts): void {
  app.get(
    "/api/exchanges",
    {
      schema: {
        tags,
        operationId: "listExchanges",
        summary: "List what was sent to agents, came from them and went to endpoints, newest first",
        description:
          "Of delivered callbacks, what the log has of them. A page may be short, or empty, where few match: its cursor goes on.",
        querystring: exchangeQuerySchema,
        response: { 200: exchangePageSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => listExchanges(parts, request.query),
  );

  app.get(
    "/api/exchanges/:id",
    {
      schema: {
        tags,
        operationId: "getExchange",
        summary: "Read one of them with headers, body, tries and answers",
        description: "What may be secret in a header or a URL stands as `***`.",
        params: z.object({ id: z.string() }),
        response: { 200: exchangeDetailSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => {
      const exchange = await readExchange(parts, request.params.id);
      if (!exchange) throw notFound("exchange");
      return exchange;
    },
  );
}
