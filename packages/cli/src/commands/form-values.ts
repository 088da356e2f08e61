import type { FormField, FormValues, PermissionRequest } from "@mission-control/protocol";
import { CommandError } from "../terminal/command-error.ts";

const YES_OR_NO: Readonly<Record<string, boolean>> = { true: true, yes: true, false: false, no: false };

/**
 * What a form is filled in with, from words such as `branch=fix`. Of a field that takes several options, each is given by
 * itself. Whether the values fit, the server says.
 * @throws CommandError for what is no value of one of the form's fields
 */
export function formValues({ fields = [] }: PermissionRequest, words: readonly string[]): FormValues {
  const values: FormValues = {};
  for (const word of words) {
    const cut = word.indexOf("=");
    const name = word.slice(0, Math.max(cut, 0));
    const field = fields.find((one) => one.name === name);
    if (cut < 1 || !field) {
      const known = fields.map((one) => one.name).join(", ");
      throw new CommandError(
        known === ""
          ? "The question has no fields to set."
          : `"${word}" sets no field of the question: say NAME=VALUE with one of ${known}.`,
      );
    }
    const text = word.slice(cut + 1);
    const before = values[name];
    values[name] =
      field.type === "multi" ? [...(Array.isArray(before) ? before : []), text] : valueIn(field, text);
  }
  return values;
}

function valueIn({ name, type }: FormField, text: string): string | boolean {
  if (type !== "boolean") return text;
  const value = YES_OR_NO[text.toLowerCase()];
  if (value === undefined) throw new CommandError(`${name} is yes or no, not "${text}".`);
  return value;
}

/** The fields of a form as rows: name, what it takes, what is asked. */
export function formRows({ fields = [] }: PermissionRequest): string[][] {
  return fields.map(({ name, label = name, type, options = [], other, required }) => {
    const choices = [...options, ...(other ? ["any text"] : [])].join("|");
    const takes = type === "boolean" ? "yes or no" : choices || type;
    return [name, `${takes}${type === "multi" ? " (any)" : ""}${required ? "" : ", optional"}`, label];
  });
}
