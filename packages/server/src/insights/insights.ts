import type { Insights as InsightsAnswer, InsightsQuery } from "@mission-control/protocol";
import type { Store } from "../store/store.ts";
import { KEEP_HOURS_DAYS } from "./counting.ts";
import { insightsOf, MAX_UNCOUNTED, planInsights } from "./report.ts";

/** Hours were asked for that are not kept. */
export class HoursNotKeptError extends Error {
  readonly code = "hours_not_kept";
  override name = "HoursNotKeptError";

  constructor() {
    super(`Hours are kept for ${KEEP_HOURS_DAYS} days: ask by day.`);
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
}
