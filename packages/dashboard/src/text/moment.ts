/** Every time of day on the page is written in one way, whatever the language: 21:06:55. */
const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const MINUTE = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const MOMENT = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "medium",
  hourCycle: "h23",
});
const DAY = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

/** Day, year and time to the second, local. */
export function formatMoment(date: Date): string {
  return MOMENT.format(date);
}

/** The same to the minute, by the clocks of a time zone. */
export function formatMomentIn(timeZone: string, date: Date): string {
  return new Intl.DateTimeFormat(undefined, {
    dateStyle: "medium",
    timeStyle: "short",
    hourCycle: "h23",
    timeZone,
  }).format(date);
}

/** The time to the second, with the day where it is not `today`'s. */
export function formatClock(date: Date, today: Date): string {
  const time = CLOCK.format(date);
  return date.toDateString() === today.toDateString() ? time : `${DAY.format(date)} ${time}`;
}

/** The places on a chart's axis of time, in order: hours and minutes, and below them the day where one begins. */
export function formatAxis(dates: readonly Date[]): string[] {
  return dates.map((date, index) => {
    const before = dates[index - 1];
    const isSameDay = before?.toDateString() === date.toDateString();
    return isSameDay ? MINUTE.format(date) : `${MINUTE.format(date)}\n${DAY.format(date)}`;
  });
}
