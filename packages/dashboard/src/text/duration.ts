const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time as people say it: `84 ms`, `3.2 s`, `1m 24s`, `2h 05m`, `3d 4h`. */
export function formatDuration(milliseconds: number): string {
  const length = Math.max(0, milliseconds);
  if (length < SECOND) return `${Math.round(length)} ms`;
  if (length < 10 * SECOND) return `${(Math.floor(length / 100) / 10).toFixed(1)} s`;
  if (length < MINUTE) return `${Math.floor(length / SECOND)} s`;
  if (length < HOUR) return `${Math.floor(length / MINUTE)}m ${pad((length % MINUTE) / SECOND)}s`;
  if (length < DAY) return `${Math.floor(length / HOUR)}h ${pad((length % HOUR) / MINUTE)}m`;
  return `${Math.floor(length / DAY)}d ${Math.floor((length % DAY) / HOUR)}h`;
}

/** A length of time that goes on, counted in whole seconds: `4 s`, then as {@link formatDuration} says. */
export function formatWholeSeconds(milliseconds: number): string {
  const length = Math.max(0, milliseconds);
  return length < MINUTE ? `${Math.floor(length / SECOND)} s` : formatDuration(length);
}

/** How long ago, in one unit: `now`, `4 s`, `12 min`, `3 h`, `5 d`. */
export function formatAge(milliseconds: number): string {
  if (milliseconds < SECOND) return "now";
  if (milliseconds < MINUTE) return `${Math.floor(milliseconds / SECOND)} s`;
  if (milliseconds < HOUR) return `${Math.floor(milliseconds / MINUTE)} min`;
  if (milliseconds < DAY) return `${Math.floor(milliseconds / HOUR)} h`;
  return `${Math.floor(milliseconds / DAY)} d`;
}

function pad(value: number): string {
  return String(Math.floor(value)).padStart(2, "0");
}
