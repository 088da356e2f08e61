import { useMission } from "../app/use-mission.ts";
import { formatAge, formatDuration, formatWholeSeconds } from "../text/duration.ts";
import { formatClock, formatMoment } from "../text/moment.ts";
import { text } from "../text/text.ts";
import { useNow } from "./ticker.ts";

/** Characters of `2026-11-23T10:00:00`. */
const SECOND_LENGTH = 19;

/** Local and UTC, for hovering, to the second. */
export const bothTimes = onceASecond((at: string, date: Date): string => {
  return `${formatMoment(date)} (${text.time.local})\n${at.replace("T", " ").replace(/\.\d+Z$/, "Z")} (UTC)`;
});

/** Keeps the words of the last second: in a list, many times are of the same one. */
function onceASecond(format: (at: string, date: Date) => string): (at: string) => string {
  let second = "";
  let words = "";
  return (at) => {
    const asked = at.slice(0, SECOND_LENGTH);
    if (asked !== second) {
      words = format(at, new Date(at));
      second = asked;
    }
    return words;
  };
}

/** How long ago something happened, by the server's clock. */
export function Ago({ at }: { at: string }) {
  const { clock } = useMission();
  const now = useNow() + (clock.estimate?.offset ?? 0);
  const age = now - Date.parse(at);
  return (
    <time dateTime={at} title={bothTimes(at)}>
      {age < 1_000 ? text.time.now : text.time.ago(formatAge(age))}
    </time>
  );
}

/** The time of day, with the day when it is not today's. */
export function Clock({ at }: { at: string }) {
  return (
    <time dateTime={at} title={bothTimes(at)}>
      {formatClock(new Date(at), new Date())}
    </time>
  );
}

/** Day and time, local. */
export function Moment({ at }: { at: string }) {
  return (
    <time dateTime={at} title={bothTimes(at)}>
      {formatMoment(new Date(at))}
    </time>
  );
}

/** The time between two moments; without an end, it ticks. */
export function Elapsed({ from, to }: { from: string; to?: string | null | undefined }) {
  return to ? formatDuration(Date.parse(to) - Date.parse(from)) : <Ticking from={from} />;
}

function Ticking({ from }: { from: string }) {
  const { clock } = useMission();
  const now = useNow() + (clock.estimate?.offset ?? 0);
  const elapsed = Math.max(0, now - Date.parse(from));
  return formatWholeSeconds(elapsed);
}
