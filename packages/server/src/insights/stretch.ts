export const HOUR_MS = 3600_000;
const DAY_MS = 24 * HOUR_MS;

/** The day of UTC that a time is in; both in milliseconds since 1970. */
export function dayOf(at: number): number {
  return Math.floor(at / DAY_MS) * DAY_MS;
}

/** The bucket of an hour, such as `2026-11-30T10`. */
export function hourOf(at: number): string {
  return new Date(at).toISOString().slice(0, 13);
}

/** When a bucket begins, and its name. */
export interface NamedBucket {
  at: number;
  bucket: string;
}

/** Every hour of a stretch. */
export function hoursOf(from: number, to: number): NamedBucket[] {
  const hours: NamedBucket[] = [];
  for (let at = from; at < to; at += HOUR_MS) hours.push({ at, bucket: hourOf(at) });
  return hours;
}

/** Every day of UTC that a stretch touches. */
export function daysOf(from: number, to: number): NamedBucket[] {
  const days: NamedBucket[] = [];
  for (let at = dayOf(from); at < to; at += DAY_MS) {
    days.push({ at, bucket: new Date(at).toISOString().slice(0, 10) });
  }
  return days;
}
