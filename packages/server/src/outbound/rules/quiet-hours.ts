import type { NoticeKind, QuietHours } from "@mission-control/protocol";
import type { NoticeRules } from "../../store/records.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
/** No change of clocks is greater; so far, an estimate that knows of none may be off. */
const CLOCK_CHANGE_MINUTES = 180;

/**
 * Until when a notice is held back; null for one that is sent at once. Ends of quiet hours and of a digest's time are
 * never within quiet hours.
 */
export function heldUntil(rules: NoticeRules, kind: NoticeKind, now: Date): Date | null {
  const { quiet, digestMinutes, passes = [] } = rules;
  if (passes.includes(kind)) return null;
  if (digestMinutes === undefined && !(quiet && endOfQuiet(quiet, now))) return null;
  return digestDue(rules, now, now);
}

/** When a digest that was begun at a moment is due: not in quiet hours, and not in the past. */
export function digestDue(
  { quiet, digestMinutes = 0 }: Pick<NoticeRules, "quiet" | "digestMinutes">,
  begun: Date,
  now: Date,
): Date {
  const outOfQuiet = (at: Date) => (quiet && endOfQuiet(quiet, at)) ?? at;
  const next = new Date(begun.getTime() + digestMinutes * MINUTE_MS);
  const due = quiet && endOfQuiet(quiet, begun) ? outOfQuiet(begun) : outOfQuiet(next);
  return due > now ? due : outOfQuiet(now);
}

/**
 * When the quiet hours end that a moment is in; null when it is in none. The first minute that is not quiet by the clocks
 * of the time zone, whatever those are changed to in between.
 */
export function endOfQuiet(quiet: QuietHours, at: Date): Date | null {
  if (!isQuiet(quiet, at.getTime())) return null;
  const minute = Math.floor(at.getTime() / MINUTE_MS) * MINUTE_MS;
  const left = (minutesOf(quiet.to) - localMinutes(quiet.timeZone, minute) + DAY_MINUTES) % DAY_MINUTES;
  let end = minute + Math.max(1, left) * MINUTE_MS;
  // Clocks that were put forward meanwhile make it later than it need be, clocks that were put back too early.
  for (let step = 0; step < CLOCK_CHANGE_MINUTES && isQuiet(quiet, end); step++) end += MINUTE_MS;
  while (end - MINUTE_MS > minute && !isQuiet(quiet, end - MINUTE_MS)) end -= MINUTE_MS;
  return new Date(end);
}

function isQuiet({ timeZone, from, to }: QuietHours, at: number): boolean {
  const minute = localMinutes(timeZone, at);
  const [begin, end] = [minutesOf(from), minutesOf(to)];
  return begin < end ? minute >= begin && minute < end : minute >= begin || minute < end;
}

/** Minutes since midnight of a time of day, such as `22:30`. */
function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}

/** Making one takes far longer than asking it. There are as many as time zones that endpoints name. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** Minutes since midnight by the clocks of a time zone. */
function localMinutes(timeZone: string, at: number): number {
  const options = { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat("en", options);
  formats.set(timeZone, format);
  return minutesOf(format.format(at));
}
