import type { JsonObject, Reporter } from "@mission-control/agent";
import type { Workplace } from "./workspace.ts";

/** Of the files that were changed, so many are named in the result's data; the patch has them all. */
const MAX_FILES = 200;

/** The artifact that a task's changes are: `git apply` takes it. */
const PATCH = "change.patch";

/**
 * Hands in what a task has changed as a patch, and tells the commits it lies between and what was changed in each file.
 * @returns that as data for the task's result: nothing where no repository was worked in, or nothing was changed; why it
 *   could not be told where it could not
 */
export async function reportWork(
  place: Pick<Workplace, "work">,
  reporter: Pick<Reporter, "artifact">,
): Promise<JsonObject> {
  try {
    const work = await place.work();
    if (!work) return {};
    const { changes, ...commits } = work;
    const { files, insertions, deletions, note } = changes;
    if (files.length === 0 && !note) return {};
    if (changes.patch.length > 0) {
      // It goes out before the result, as all reports go in their order; `onFailure` is told.
      reporter.artifact({ name: PATCH, content: changes.patch }).catch(() => {});
    }
    const named = { count: files.length, insertions, deletions, files: files.slice(0, MAX_FILES) };
    return { ...commits, diffstat: { ...named, ...(note && { note }) } };
  } catch (error) {
    return { diffstat: { note: error instanceof Error ? error.message : String(error) } };
  }
}
