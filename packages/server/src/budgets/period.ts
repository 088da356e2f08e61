import type { BudgetPeriod } from "@mission-control/protocol";

const HOUR_MS = 3600_000;
/** No day or month has more hours, whatever its clocks were changed by. */
const MOST_HOURS = 32 * 24;

/** A day or month by the clocks of a time zone, in whole hours of UTC; milliseconds since 1970. */
export interface Period {
  from: number;
  to: number;
}

/**
 * The day or month that a time is in. As in all that is counted, an hour of UTC belongs to the one that it begins in.
 * @param at milliseconds since 1970
 */
export function periodAt(period: BudgetPeriod, timeZone: string, at: number): Period {
  const hour = Math.floor(at / HOUR_MS);
  const name = nameOf(period, timeZone, hour);
  return {
    from: firstHour(hour - MOST_HOURS, hour, (one) => nameOf(period, timeZone, one) >= name) * HOUR_MS,
    to: firstHour(hour + 1, hour + MOST_HOURS, (one) => nameOf(period, timeZone, one) > name) * HOUR_MS,
  };
}

/** The first hour that something is true of, which is true of all after it; at the latest `last`. */
function firstHour(first: number, last: number, isTrue: (hour: number) => boolean): number {
  let [low, high] = [first, last];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isTrue(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Making one takes far longer than asking it. There are as many as time zones that budgets name. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** Such as `2026-11-30` or `2026-11`: later ones sort after earlier ones. */
function nameOf(period: BudgetPeriod, timeZone: string, hour: number): string {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat("en-CA", { timeZone });
  formats.set(timeZone, format);
  return format.format(hour * HOUR_MS).slice(0, period === "day" ? 10 : 7);
}
