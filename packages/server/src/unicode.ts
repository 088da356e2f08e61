/** An escaped half of a surrogate pair: the one way by which a lone half comes with JSON in UTF-8. */
const ESCAPED_HALF = /\\u[dD][89a-fA-F]/;

/**
 * Looks for text that is no Unicode: half of a surrogate pair without the other (RFC 8259, section 8.2). It cannot be
 * stored as UTF-8, where two different texts, or ids, would become the same one.
 * @param json a JSON text
 * @param value what it was parsed to
 * @returns the path of the first such string or name, in dots, "" for the value itself; null when all is well
 */
export function pathOfLoneSurrogate(json: string, value: unknown): string | null {
  return json.includes("\\u") && ESCAPED_HALF.test(json) ? search(value, "") : null;
}

function search(value: unknown, path: string): string | null {
  if (typeof value === "string") return value.isWellFormed() ? null : path;
  if (typeof value !== "object" || value === null) return null;
  for (const [name, child] of Object.entries(value)) {
    if (!name.isWellFormed()) return path;
    const found = search(child, path === "" ? name : `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}
