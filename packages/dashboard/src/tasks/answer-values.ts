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

/**
 * What was chosen of a field's options, and what is written beside them. Two things, though they are one value: what
 * somebody writes may be the words of an option on its way to others.
 */
export interface Picked {
  chosen: readonly string[];
  own: string;
}

export const NOTHING_PICKED: Picked = { chosen: [], own: "" };

type Pickable = Pick<FormField, "type" | "options">;

/** With an option chosen, or no longer. Where one can be chosen, it takes the place of all else. */
export function withOption(
  { type, options = [] }: Pickable,
  now: Picked,
  option: string,
  isOn: boolean,
): Picked {
  if (type !== "multi") return { chosen: [option], own: "" };
  return { ...now, chosen: options.filter((one) => (one === option ? isOn : now.chosen.includes(one))) };
}

/** With other words beside the options. Where one can be chosen, it is these. */
export function withOwnWords({ type }: Pickable, { chosen }: Picked, own: string): Picked {
  return { chosen: type === "multi" ? chosen : [], own };
}

/** The value of a field, as the server takes it. */
export function pickedValue({ type }: Pickable, { chosen, own }: Picked): string | string[] {
  const words = own.trim();
  if (type !== "multi") return chosen[0] ?? words;
  return words === "" || chosen.includes(words) ? [...chosen] : [...chosen, words];
}

/** Whether an option can be chosen without filling in the form (docs/contract.md, section 4). */
export function isRefusal({ kind }: Option): boolean {
  return kind?.startsWith("reject") ?? false;
}
