/**
 * RFC 3339, section 5.6, and what ISO 8601 allows beside it: a comma before the fraction, an offset without colon or
 * minutes, no seconds. An offset is always needed: a time without one says nothing.
 */
const TIME =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(?:[Zz]|([+-]\d{2}):?(\d{2})?)$/;
const LAST_YEAR = 9999;
/** As JavaScript writes a time, but for a leap day: valid as it stands. Nearly all that come are such. */
const CANONICAL =
  /^\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/**
 * A time as other people's programs write it.
 * @returns ISO 8601 in UTC with milliseconds; null for what is no time, and for one outside the years 0 to 9999
 * @see https://www.rfc-editor.org/rfc/rfc3339#section-5.6
 */
export function readTime(text: string): string | null {
  if (CANONICAL.test(text)) return text;
  const parts = TIME.exec(text);
  if (!parts) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const offsetHours = Number(parts[8] ?? 0);
  const offsetMinutes = Number(parts[9] ?? 0);
  const isLeap = second === 60;
  if (hour > 23 || minute > 59 || second > 60 || Math.abs(offsetHours) > 23 || offsetMinutes > 59)
    return null;
  const time = new Date(0);
  time.setUTCFullYear(year, month - 1, day);
  // A day that the month does not have would have moved on to the next.
  if (time.getUTCMonth() !== month - 1 || time.getUTCDate() !== day) return null;
  // A leap second has no place in UTC as computers count it: it is the end of the second before it.
  const milliseconds = isLeap ? 999 : Number((parts[7] ?? "").slice(0, 3).padEnd(3, "0"));
  time.setUTCHours(hour, minute, isLeap ? 59 : second, milliseconds);
  const sign = parts[8]?.startsWith("-") ? -1 : 1;
  time.setTime(time.getTime() - (offsetHours * 60 + sign * offsetMinutes) * 60_000);
  const inUtc = time.getUTCFullYear();
  return inUtc < 0 || inUtc > LAST_YEAR ? null : time.toISOString();
}
