import { insightsQuerySchema, insightsSchema } from "@mission-control/protocol";
import { HoursNotKeptError, type Insights } from "../insights/insights.ts";
import { PROBLEM_RESPONSE } from "./documentation.ts";
import type { HttpApp } from "./http-app.ts";
import { invalid } from "./problems.ts";

/** `GET /api/insights` (docs/contract.md, section 2). */
export function insightRoutes(app: HttpApp, insights: Pick<Insights, "read">): void {
  app.get(
    "/api/insights",
    {
      schema: {
        tags: ["Insights"],
        operationId: "getInsights",
        summary: "Read what was done in a stretch of time, by hour or day, agent, tag and reason",
        description:
          "Attempts that ended, how long they were queued and worked at, how long people were waited for, tokens and costs, with the stretch of the same length before. Kept beyond the events: hours for 62 days, days of UTC for three years. Durations are within 5 %.",
        querystring: insightsQuerySchema,
        response: { 200: insightsSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => {
      try {
        return await insights.read(request.query);
      } catch (error) {
        if (!(error instanceof HoursNotKeptError)) throw error;
        throw invalid([{ path: "by", message: error.message }]);
      }
    },
  );
}
