import type { FormField, FormValues, PermissionRequest } from "@mission-control/protocol";

type Option = PermissionRequest["options"][number];

/** What a form begins with: nothing chosen, and no to every yes-or-no question. */
export function emptyValues(fields: readonly FormField[]): FormValues {
  return Object.fromEntries(
    fields.map(({ name, type }) => [name, type === "boolean" ? false : type === "multi" ? [] : ""]),
  );
}

/** The names of fields that have to be filled in and are not. */
export function missingFields(fields: readonly FormField[], values: FormValues): string[] {
  return fields
    .filter(({ name, required }) => required === true && isEmpty(values[name]))
    .map(({ name }) => name);
}

/** The values as they are sent: what was left empty is left out. */
export function sentValues(values: FormValues): FormValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => !isEmpty(value)));
}

/** As the server sees it (`formErrors`): nothing, no option, or a text of nothing but spaces. */
function isEmpty(value: FormValues[string] | undefined): boolean {
  if (typeof value === "string") return value.trim() === "";
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

/** What was written beside the options that a field offers; empty where nothing was. */
export function ownWords(options: readonly string[], value: FormValues[string] | undefined): string {
  const chosen = Array.isArray(value) ? value : [value];
  const own = chosen.find((one) => typeof one === "string" && !options.includes(one));
  return typeof own === "string" ? own : "";
}

/** The options that were chosen, and beside them what was written. */
export function withOwnWords(chosen: readonly string[], own: string): string[] {
  return own === "" ? [...chosen] : [...chosen, own];
}

/** Whether an option can be chosen without filling in the form (docs/contract.md, section 4). */
export function isRefusal({ kind }: Option): boolean {
  return kind?.startsWith("reject") ?? false;
}
