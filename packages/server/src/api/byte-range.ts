import type { ByteRange } from "../store/contents.ts";

/**
 * What a `Range` asks for of so many bytes (RFC 9110, section 14.2): null for all of them, which is also the answer to a
 * range that is not understood, to several at once, and where `If-Range` names something else than what is there.
 * @param etag the strong one of what is there; a date in `If-Range` matches nothing
 */
export function rangeOf(
  { range, "if-range": ifRange }: { range?: string | undefined; "if-range"?: string | string[] | undefined },
  size: number,
  etag: string,
): ByteRange | "unsatisfiable" | null {
  const [, from, to] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(range ?? "") ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return null;
  if (ifRange !== undefined && ifRange !== etag) return null;
  if (from === "") {
    const suffix = Math.min(Number(to), size);
    return suffix === 0 ? "unsatisfiable" : { first: size - suffix, last: size - 1 };
  }
  const first = Number(from);
  if (to !== "" && Number(to) < first) return null;
  if (first >= size) return "unsatisfiable";
  return { first, last: to === "" ? size - 1 : Math.min(Number(to), size - 1) };
}
