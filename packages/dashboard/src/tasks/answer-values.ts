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
    .filter(({ name, required }) => {
      const value = values[name];
      return (
        required === true &&
        (value === undefined || value === "" || (Array.isArray(value) && value.length === 0))
      );
    })
    .map(({ name }) => name);
}

/** The values as they are sent: what was left empty is left out. */
export function sentValues(values: FormValues): FormValues {
  return Object.fromEntries(
    Object.entries(values).filter(
      ([, value]) => value !== "" && !(Array.isArray(value) && value.length === 0),
    ),
  );
}

/** Whether an option can be chosen without filling in the form (docs/contract.md, section 4). */
export function isRefusal({ kind }: Option): boolean {
  return kind?.startsWith("reject") ?? false;
}
