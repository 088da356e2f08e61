import type { TaskSummary } from "@mission-control/protocol";
import { ApiError } from "../api/api-error.ts";
import { splitList } from "../text/split-list.ts";
import { text } from "../text/text.ts";
import { parseContext } from "./parse-context.ts";

/** A task as somebody writes it into a form. */
export interface TaskDraft {
  title: string;
  description: string;
  priority: TaskSummary["priority"];
  /** With commas between. */
  tags: string;
  /** A JSON object, or nothing. */
  context: string;
  requiresReview: boolean;
}

/** The fields of a task that a form writes. */
export type TaskFields = Pick<
  TaskSummary,
  "title" | "description" | "priority" | "tags" | "context" | "requiresReview"
>;

/** What a form begins with: the task there is, or an empty one. */
export function draftOf(task: TaskFields | undefined): TaskDraft {
  return {
    title: task?.title ?? "",
    description: task?.description ?? "",
    priority: task?.priority ?? "normal",
    tags: task?.tags.join(", ") ?? "",
    context: task && Object.keys(task.context).length > 0 ? JSON.stringify(task.context, null, 2) : "",
    requiresReview: task?.requiresReview ?? false,
  };
}

/** What was written, as the server takes it; null where the context is no JSON object. */
export function fieldsOf(draft: TaskDraft): TaskFields | null {
  const context = parseContext(draft.context);
  if (context === null) return null;
  const { description, priority, requiresReview } = draft;
  const title = draft.title.trim();
  return {
    title,
    description,
    priority,
    tags: splitList(draft.tags),
    context: context as TaskFields["context"],
    requiresReview,
  };
}

/**
 * Of the fields, those that were written otherwise than they stood when the form was opened: what somebody else changes
 * meanwhile stays as they have it.
 * @param before what the form began with
 */
export function changedFields(before: TaskDraft, fields: TaskFields): Partial<TaskFields> {
  const known: Partial<TaskFields> = fieldsOf(before) ?? {};
  const changed = Object.entries(fields).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(known[name as keyof TaskFields]),
  );
  return Object.fromEntries(changed);
}

/** Why a task could not be made, in words. */
export function whyNotMade(error: Error): string {
  // The key of the form was used with other words: the answer to those was lost, not the task.
  return error instanceof ApiError && error.status === 422 ? text.taskForm.madeBefore : error.message;
}
