/** Object identifier of PostgreSQL's type `text`. */
const TEXT = 25;

/**
 * A value as the driver sends it. Arrays of texts go in PostgreSQL's binary form: as text, each quote and backslash in
 * them would be escaped here, and looked for there.
 */
export function parameterOf(value: unknown): string | Buffer | null {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return value;
  if (!Array.isArray(value)) return String(value);
  return value.some((one) => typeof one === "string")
    ? textArray(value)
    : `{${value.map((one) => one ?? "NULL").join()}}`;
}

/** @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/arrayfuncs.c `array_recv` */
function textArray(values: readonly (string | null | undefined)[]): Buffer {
  const hasNull = values.some((value) => value === null || value === undefined);
  const size = values.reduce((sum, value) => sum + 4 + Buffer.byteLength(value ?? ""), 20);
  const bytes = Buffer.allocUnsafe(size);
  bytes.writeInt32BE(1, 0);
  bytes.writeInt32BE(hasNull ? 1 : 0, 4);
  bytes.writeInt32BE(TEXT, 8);
  bytes.writeInt32BE(values.length, 12);
  bytes.writeInt32BE(1, 16);
  let at = 20;
  for (const value of values) {
    if (value === null || value === undefined) at = bytes.writeInt32BE(-1, at);
    else {
      const length = bytes.write(value, at + 4);
      bytes.writeInt32BE(length, at);
      at += 4 + length;
    }
  }
  return bytes;
}
