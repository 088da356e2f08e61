import { type TaskSort, taskSortSchema } from "@mission-control/protocol";
import { InvalidCursorError } from "./store.ts";

/** Columns of each sort, all descending; `seq` makes every place unique. */
export const SORT_COLUMNS: Readonly<Record<TaskSort, readonly string[]>> = {
  createdAt: ["seq"],
  priority: ["priority", "seq"],
  updatedAt: ["updated_at", "seq"],
};

/** A task's place in a sort: the values of its columns. */
export type Key = readonly (string | number)[];

/** The cursor of the page that goes on after a task. */
export function encodeCursor(sort: TaskSort, key: Key): string {
  return Buffer.from(JSON.stringify([sort, ...key])).toString("base64url");
}

/** @throws InvalidCursorError */
export function decodeCursor(cursor: string, sort: TaskSort): Key {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    throw new InvalidCursorError();
  }
  if (!Array.isArray(parts) || taskSortSchema.safeParse(parts[0]).data !== sort)
    throw new InvalidCursorError();
  const key = parts.slice(1);
  const complete = key.length === SORT_COLUMNS[sort].length;
  if (!complete || !key.every((part) => typeof part === "string" || Number.isSafeInteger(part)))
    throw new InvalidCursorError();
  return key as Key;
}
