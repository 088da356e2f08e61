import { BUDGET_THRESHOLDS, type BudgetLimit, type BudgetThreshold } from "@mission-control/protocol";
import { KEEP_HOURS_DAYS } from "../insights/counting.ts";
import type { BudgetRecord, WatchedPeriod } from "../store/records.ts";
import { type Period, periodAt } from "./period.ts";
import { isReached } from "./spend.ts";

const HOUR_MS = 3600_000;
/** So long after its end a period is looked at: nodes' clocks differ, and the last facts are counted after it. */
const GRACE_MS = HOUR_MS;
/** Periods that ended longer ago are not told of any more. */
const OLDEST_MS = (KEEP_HOURS_DAYS - 1) * 24 * HOUR_MS;

/** A period, and what was used of the budget in it. */
export interface SpentPeriod extends Period {
  spent: number;
}

/** A share of a limit that was reached in a period. */
export interface Reached {
  threshold: BudgetThreshold;
  in: SpentPeriod;
}

/** The period under way, and those before it that may have more to tell; the oldest first. @param now milliseconds since 1970 */
export function watchedPeriods(budget: BudgetRecord, now: number): Period[] {
  const { period, timeZone, watched, since } = budget;
  const first = Math.max(Date.parse(watched[0]?.from ?? since), now - OLDEST_MS);
  const periods: Period[] = [];
  for (let one = periodAt(period, timeZone, Math.min(first, now)); one.from <= now; ) {
    periods.push(one);
    one = periodAt(period, timeZone, one.to);
  }
  return periods;
}

/**
 * What is to be told next: the lowest share of the limit that was reached in a period and not told. A limit that was
 * raised is told anew once it is reached; what was reached of it before is not told again. Pure.
 * @param periods those of {@link watchedPeriods}
 * @returns how far was told then, and what. Where `reached` is absent there is nothing more, and periods that are over go
 */
export function nextToTell(
  { limit, watched }: Pick<BudgetRecord, "limit" | "watched">,
  periods: readonly SpentPeriod[],
  now: number,
): { watched: WatchedPeriod[]; reached?: Reached } {
  const after: WatchedPeriod[] = [];
  let reached: Reached | undefined;
  for (const one of periods) {
    const from = new Date(one.from).toISOString();
    const known = watched.find((other) => other.from === from);
    const thresholds = BUDGET_THRESHOLDS.filter((percent) => isReached(limit, one.spent, percent));
    let told = known?.told ?? 0;
    if (known && !isSame(known.limit, limit)) {
      // A period that is over was under the limit that it had.
      if (one.to <= now) continue;
      told = Math.min(told, thresholds.at(-1) ?? 0) as WatchedPeriod["told"];
    }
    const next = thresholds.find((percent) => percent > told);
    if (next !== undefined && !reached) {
      reached = { threshold: next, in: one };
      told = next;
    }
    after.push({ from, told, limit });
  }
  if (reached) return { watched: after, reached };
  const open = periods.find(({ to }) => to + GRACE_MS > now);
  const isOpen = ({ from }: WatchedPeriod) => open !== undefined && Date.parse(from) >= open.from;
  return { watched: after.filter(isOpen) };
}

function isSame(a: BudgetLimit, b: BudgetLimit): boolean {
  if ("tokens" in a || "tokens" in b) return "tokens" in a && "tokens" in b && a.tokens === b.tokens;
  return a.amount === b.amount && a.currency === b.currency;
}
