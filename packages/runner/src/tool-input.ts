import { type JsonObject, shortened } from "@mission-control/agent";

/** Mission Control takes no object that nests deeper (docs/contract.md, section 4). */
const MAX_DEPTH = 20;

/** What a tool was called with, as an entry of the transcript takes it: as JSON text where it is no plain object. */
export function toolInput(input: unknown): JsonObject | string {
  if (typeof input === "string") return input;
  const isPlain = typeof input === "object" && input !== null && !Array.isArray(input);
  return isPlain && nestsAtMost(input, MAX_DEPTH) ? (input as JsonObject) : (JSON.stringify(input) ?? "");
}

/**
 * The same in bounds, for where nobody else bounds it: each long text as its beginning and its end.
 * @param maxBytes of all of it, in UTF-8; what is larger still becomes text
 */
export function boundedToolInput(input: unknown, maxBytes: number): JsonObject | string {
  const value = toolInput(input);
  if (typeof value === "string") return shortened(value.toWellFormed(), maxBytes);
  const fields = Object.entries(value).map(([name, field]) => [
    name,
    typeof field === "string" ? shortened(field.toWellFormed(), maxBytes / 2) : field,
  ]);
  const bounded = Object.fromEntries(fields) as JsonObject;
  const text = JSON.stringify(bounded);
  return Buffer.byteLength(text) <= maxBytes ? bounded : shortened(text, maxBytes);
}

function nestsAtMost(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((child) => nestsAtMost(child, depth - 1));
}
