import type { PermissionRequest } from "@mission-control/protocol";

type Option = PermissionRequest["options"][number];

/** Tools that change nothing, by the names that the Agent Client Protocol has for their kinds. */
const READING: ReadonlySet<string | undefined> = new Set(["read", "search"]);

/** Whether an answer holds for what is asked later too. */
export function isLasting({ kind }: Option): boolean {
  return kind === "allow_always" || kind === "reject_always";
}

/**
 * The options of a question in the order they are offered in. What may write or run something is first of all allowed or
 * denied once; an answer that holds for longer comes last, wherever its agent put it.
 */
export function orderedOptions({ options, tool }: PermissionRequest): readonly Option[] {
  if (READING.has(tool?.name)) return options;
  return [...options.filter((option) => !isLasting(option)), ...options.filter(isLasting)];
}

/** The option that is shown as what one would do: to allow once, where that is offered. */
export function firstOption(request: PermissionRequest): Option | undefined {
  return orderedOptions(request).find(({ kind }) => kind === "allow_once");
}
