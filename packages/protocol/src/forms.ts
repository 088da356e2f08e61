import { z } from "zod";
import { absentOr, longTextSchema } from "./common.ts";

/** The most fields a form may have, and the most options a field. */
const MOST_FIELDS = 32;
const MOST_OPTIONS = 256;

const optionSchema = z.string().min(1).max(1024);
const nameSchema = z.string().min(1).max(128);

/**
 * One field of a form that an agent asks the operator to fill in. A `choice` takes one of its `options`, a `multi` any
 * number of them.
 */
export const formFieldSchema = z
  .object({
    name: nameSchema,
    /** What the operator reads beside it; its name, if absent. */
    label: absentOr(z.string().min(1).max(4096)),
    type: z.enum(["text", "choice", "multi", "boolean"]),
    options: absentOr(z.array(optionSchema).min(1).max(MOST_OPTIONS)),
    /** Whether a `choice` takes a text of one's own, too, and a `multi` any of them beside its options; default false. */
    other: absentOr(z.boolean()),
    required: absentOr(z.boolean()),
  })
  .refine(
    ({ type, options }) => (type !== "choice" && type !== "multi") || options !== undefined,
    "a choice needs options",
  );
export type FormField = z.infer<typeof formFieldSchema>;

/** The fields of a form: each has a name of its own. */
export const formFieldsSchema = z
  .array(formFieldSchema)
  .min(1)
  .max(MOST_FIELDS)
  .refine(
    (fields) => new Set(fields.map(({ name }) => name)).size === fields.length,
    "two have the same name",
  );

/** What a form was filled in with, by the names of its fields: a text, an option, options, or yes or no. */
export const formValuesSchema = z.record(
  nameSchema,
  z.union([longTextSchema, z.boolean(), z.array(optionSchema).max(MOST_OPTIONS)]),
);
export type FormValues = z.infer<typeof formValuesSchema>;

/** Why values do not fill in a form, in words by the field's name; empty where they do. */
export function formErrors(
  fields: readonly FormField[],
  values: FormValues,
): { path: string; message: string }[] {
  const known = new Map(fields.map((field) => [field.name, field]));
  const strange = Object.keys(values)
    .filter((name) => !known.has(name))
    .map((name) => ({ path: `values.${name}`, message: "is no field of the form" }));
  const wrong = fields.flatMap((field) => {
    const message = whyNot(field, values[field.name]);
    return message === null ? [] : [{ path: `values.${field.name}`, message }];
  });
  return [...wrong, ...strange];
}

/** Whether a field was not filled in: with nothing, no option, or a text of nothing but spaces. */
function isEmpty(value: FormValues[string] | undefined): boolean {
  if (typeof value === "string") return value.trim() === "";
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

function whyNot(
  { type, options = [], other = false, required = false }: FormField,
  value: FormValues[string] | undefined,
): string | null {
  if (isEmpty(value)) return required ? "is required" : null;
  switch (type) {
    case "text":
      return typeof value === "string" ? null : "must be a text";
    case "boolean":
      return typeof value === "boolean" ? null : "must be true or false";
    case "choice":
      if (typeof value === "string" && (other || options.includes(value))) return null;
      return other ? "must be a text" : `must be one of ${options.join(", ")}`;
    case "multi": {
      const isFitting =
        Array.isArray(value) && value.every((one) => (other && one.trim() !== "") || options.includes(one));
      if (isFitting) return null;
      return other ? "must be a list of texts" : `must be a list of some of ${options.join(", ")}`;
    }
  }
}
