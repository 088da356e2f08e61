import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import type { ToolCall } from "./updates.ts";

/** A text longer than this is shown as its beginning and its end (docs/contract.md, section 4). */
const MAX_DIFF = 32 * 1024;
/** How long comparing two texts may take, in milliseconds. */
const MAX_COMPARE_MS = 200;

/** The changes a tool call is about to make, as a unified diff; `undefined` where it tells none. */
export function diffOf({ content, rawInput }: ToolCall): string | undefined {
  const diffs = content.flatMap((part) => (part.type === "diff" ? [compare(part)] : []));
  const text = diffs.length > 0 ? diffs.join("\n") : diffInInput(rawInput);
  // Control characters show nothing, and each would take six bytes in JSON.
  return text === undefined ? undefined : shorten(text.replace(/[^\P{Cc}\n\t]/gu, "\u{fffd}"));
}

function compare({
  path,
  oldText,
  newText,
}: {
  path: string;
  oldText?: string | null;
  newText: string;
}): string {
  const created = oldText === undefined || oldText === null || oldText === "";
  const patch = createTwoFilesPatch(
    created ? "/dev/null" : path,
    path,
    oldText ?? "",
    newText,
    undefined,
    undefined,
    {
      timeout: MAX_COMPARE_MS,
      headerOptions: FILE_HEADERS_ONLY,
    },
  );
  return patch ?? `--- ${path}\n+++ ${path}\n(too much has changed to be compared)`;
}

/** Copilot and opencode hand the diff over as text. */
function diffInInput(input: unknown): string | undefined {
  const { diff } = (typeof input === "object" && input !== null ? input : {}) as { diff?: unknown };
  return typeof diff === "string" && diff.trim() !== "" ? diff.trim() : undefined;
}

function shorten(text: string): string {
  if (text.length <= MAX_DIFF) return text;
  const half = MAX_DIFF / 2 - 50;
  const left = text.length - 2 * half;
  return `${text.slice(0, half).toWellFormed()}\n… ${left} characters left out …\n${text.slice(-half).toWellFormed()}`;
}
