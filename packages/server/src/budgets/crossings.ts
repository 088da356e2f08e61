import type { CountWatch } from "../insights/counting.ts";
import type { Insights } from "../insights/insights.ts";
import type { LeaseToken } from "../store/operations.ts";
import type { BudgetRecord } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { InsightFact } from "../tasks/insight-fact.ts";
import { reachedEvent } from "./budget-event.ts";
import { covers, spendOf } from "./spend.ts";
import { nextToTell, type SpentPeriod, watchedPeriods } from "./watch.ts";

export interface CrossingsOptions {
  store: Pick<Store, "records" | "edit">;
  insights: Pick<Insights, "totals">;
  now: () => Date;
  /** Of the node that counts. */
  under: LeaseToken;
}

/**
 * Tells when a share of a budget is reached: looks at what was counted after each step of counting. What is told stands in
 * the budget's record, written in the commit of the event: each is told once, whoever is killed when.
 */
export class Crossings implements CountWatch {
  readonly #options: CrossingsOptions;
  /** The revision in which each budget was looked at; those that are not here may have more to tell. */
  readonly #seen = new Map<string, number>();

  constructor(options: CrossingsOptions) {
    this.#options = options;
  }

  async tags(): Promise<string[]> {
    const budgets = await this.#options.store.records("budget");
    return budgets.flatMap(({ tag }) => (tag === undefined ? [] : [tag]));
  }

  /** @throws FencedError, StoreUnavailableError */
  async counted(facts: readonly InsightFact[]): Promise<void> {
    const { store, insights, now } = this.#options;
    const used = facts.filter((fact) => fact.used);
    const budgets = (await store.records("budget")).filter(
      (budget) => this.#seen.get(budget.id) !== budget.revision || used.some((fact) => covers(budget, fact)),
    );
    if (budgets.length === 0) return;
    const at = now().getTime();
    const asked = budgets.flatMap((budget) =>
      watchedPeriods(budget, at).map((period) => ({ budget, ...period })),
    );
    const { totals } = await insights.totals(
      asked.map(({ from, to, budget: { agentId, tag } }) => ({ from, to, agentId, tag })),
    );
    const spent = asked.map(({ budget, from, to }, index) => {
      return { budget, from, to, spent: spendOf(budget.limit, totals[index] ?? {}).spent };
    });
    for (const [budget, periods] of Map.groupBy(spent, (one) => one.budget)) {
      await this.#tell(budget, periods, at);
      this.#seen.set(budget.id, budget.revision);
    }
  }

  /** Writes what is to be told, one event in a commit; where an operator has changed the budget meanwhile, nothing. */
  async #tell(budget: BudgetRecord, periods: readonly SpentPeriod[], at: number): Promise<void> {
    const { store, now, under } = this.#options;
    let current: BudgetRecord | null = budget;
    while (current?.revision === budget.revision) {
      const next = nextToTell(current, periods, at);
      if (!next.reached && JSON.stringify(next.watched) === JSON.stringify(current.watched)) return;
      const { record } = await store.edit(
        "budget",
        budget.id,
        (before) => {
          if (before?.revision !== budget.revision) return { record: before };
          const { watched, reached } = nextToTell(before, periods, at);
          const record = { ...before, watched };
          return reached ? { record, event: reachedEvent(before, reached, now().toISOString()) } : { record };
        },
        { under },
      );
      // With the last word, periods that are over have gone from the record: they are not looked at again.
      if (!next.reached) return;
      current = record;
    }
  }
}
