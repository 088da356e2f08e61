import { isAbsolute, relative, sep } from "node:path";
import { shortened } from "@mission-control/agent";
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";

/** How long comparing two texts may take, in milliseconds. */
const MAX_COMPARE_MS = 200;

/** A file before and after; no text before: it is created. */
export interface FileTexts {
  path: string;
  oldText?: string | null | undefined;
  newText: string;
}

/** A change as a unified diff. */
export function unifiedDiff({ path, oldText, newText }: FileTexts): string {
  const created = oldText === undefined || oldText === null || oldText === "";
  const patch = createTwoFilesPatch(
    created ? "/dev/null" : path,
    path,
    oldText ?? "",
    // Seen while a model still writes it: none.
    newText ?? "",
    undefined,
    undefined,
    {
      timeout: MAX_COMPARE_MS,
      headerOptions: FILE_HEADERS_ONLY,
    },
  );
  return patch ?? `--- ${path}\n+++ ${path}\n(too much has changed to be compared)`;
}

/**
 * A diff within the bounds of the contract. Control characters show nothing, and each would take six bytes in JSON.
 */
export function boundedDiff(diff: string): string {
  return shortened(diff.toWellFormed().replace(/[^\P{Cc}\n\t]/gu, "\u{fffd}"));
}

/** A path from a folder, where it lies below it; any other as it is. */
export function pathWithin(folder: string, path: string): string {
  if (folder === "" || !isAbsolute(path)) return path;
  const inner = relative(folder, path);
  return inner === "" || inner === ".." || inner.startsWith(`..${sep}`) ? path : inner;
}
