import type { JsonObject } from "@mission-control/agent";
import type { Workplace } from "./workspace.ts";

/** Of the files that were changed, so many are named in the result's data; the patch has them all. */
const MAX_FILES = 200;

/**
 * What a task has changed, as data of its result: the commits it lies between and what was changed in each file.
 * @returns nothing where no repository was worked in, or nothing was changed; why it could not be told where it could
 *   not
 */
export async function workData(place: Pick<Workplace, "work">): Promise<JsonObject> {
  try {
    const work = await place.work();
    if (!work) return {};
    const { changes, ...commits } = work;
    const { files, insertions, deletions, note } = changes;
    if (files.length === 0 && !note) return {};
    const named = { count: files.length, insertions, deletions, files: files.slice(0, MAX_FILES) };
    return { ...commits, diffstat: { ...named, ...(note && { note }) } };
  } catch (error) {
    return { diffstat: { note: error instanceof Error ? error.message : String(error) } };
  }
}
