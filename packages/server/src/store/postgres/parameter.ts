/** Object identifier of PostgreSQL's type `text`. */
const TEXT = 25;
/** What stands before the elements of an array. */
const HEADER_BYTES = 20;

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
  const size = values.reduce((sum, value) => sum + 4 + Buffer.byteLength(value ?? ""), HEADER_BYTES);
  const bytes = Buffer.allocUnsafe(size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  // Dimensions, whether there are nulls, the elements' type, how many there are, the number of the first.
  for (const [place, field] of [1, hasNull ? 1 : 0, TEXT, values.length, 1].entries()) {
    view.setInt32(4 * place, field);
  }
  let at = HEADER_BYTES;
  for (const value of values) {
    const length = value === null || value === undefined ? -1 : bytes.write(value, at + 4);
    view.setInt32(at, length);
    at += 4 + Math.max(length, 0);
  }
  return bytes;
}
