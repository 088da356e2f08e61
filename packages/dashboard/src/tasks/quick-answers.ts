import type { PermissionRequest } from "@mission-control/protocol";

type Option = PermissionRequest["options"][number];

/**
 * The answers to offer where one has not read all that an agent asks: to allow it once, and to deny it once. What
 * holds for longer, or needs more than a choice, is for the task itself.
 */
export function quickAnswers(request: PermissionRequest | undefined): Option[] {
  if (!request || request.fields?.length) return [];
  const find = (kind: string) => request.options.find((option) => option.kind === kind);
  const answers = [find("allow_once"), find("reject_once")].filter((option) => option !== undefined);
  return answers.length === 2 ? answers : [];
}
