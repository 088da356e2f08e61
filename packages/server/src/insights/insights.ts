import type { Insights as InsightsAnswer, InsightsQuery } from "@mission-control/protocol";
import type { InsightCounts } from "../store/insights.ts";
import type { Store } from "../store/store.ts";
import { KEEP_HOURS_DAYS } from "./counting.ts";
import { insightsOf, MAX_UNCOUNTED, planInsights } from "./report.ts";
import { type AskedTotal, isWhole, totalQueries, totalsOf } from "./totals.ts";

/** Hours were asked for that are not kept. */
export class HoursNotKeptError extends Error {
  readonly code = "hours_not_kept";
  override name = "HoursNotKeptError";

  constructor() {
    super(`must be day, as hours are kept for ${KEEP_HOURS_DAYS} days`);
  }
}

export interface InsightsOptions {
  store: Pick<Store, "insights">;
  now: () => Date;
}

/** What was done in a stretch of time, from the counts and from what is not counted yet: exact at a position of the log. */
export class Insights {
  readonly #options: InsightsOptions;

  constructor(options: InsightsOptions) {
    this.#options = options;
  }

  /** @throws HoursNotKeptError, StoreUnavailableError */
  async read(query: InsightsQuery): Promise<InsightsAnswer> {
    const { store, now } = this.#options;
    const plan = planInsights(query, now().getTime());
    if (query.by === "hour" && !plan.hasHours) throw new HoursNotKeptError();
    return insightsOf(plan, await store.insights(plan.queries, MAX_UNCOUNTED));
  }
  /**
   * What was counted in several stretches, at one position of the log. `isComplete` is false while the past is being
   * counted. @throws StoreUnavailableError
   */
  async totals(asked: readonly AskedTotal[]): Promise<{ totals: InsightCounts[]; isComplete: boolean }> {
    const { store, now } = this.#options;
    const queries = totalQueries(asked, now().getTime());
    const snapshot = await store.insights(queries, MAX_UNCOUNTED);
    return { totals: totalsOf(queries, snapshot), isComplete: isWhole(snapshot) };
  }
}
