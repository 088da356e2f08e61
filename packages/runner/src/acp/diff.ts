import { boundedDiff, unifiedDiff } from "../unified-diff.ts";
import type { ToolCall } from "./updates.ts";

/** The changes a tool call is about to make, as a unified diff; `undefined` where it tells none. */
export function diffOf({ content, rawInput }: ToolCall): string | undefined {
  const diffs = content.flatMap((part) => (part.type === "diff" ? [unifiedDiff(part)] : []));
  const text = diffs.length > 0 ? diffs.join("\n") : diffInInput(rawInput);
  return text === undefined ? undefined : boundedDiff(text);
}

/** Copilot and opencode hand the diff over as text. */
function diffInInput(input: unknown): string | undefined {
  const { diff } = (typeof input === "object" && input !== null ? input : {}) as { diff?: unknown };
  return typeof diff === "string" && diff.trim() !== "" ? diff.trim() : undefined;
}
