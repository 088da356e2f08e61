import { z } from "zod";

const TYPES: Record<string, string> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

const UNITS: Record<string, string> = { string: "character", array: "item", set: "item" };

const FORMATS: Record<string, string> = {
  url: "a whole address, such as https://example.com/path",
  datetime: "a time such as 2026-11-23T10:00:00Z",
};

/**
 * What is wrong with a value, in words that go behind its name: `title: must not be empty`. Null for what these words do
 * not cover. A schema's own words win over these.
 */
function issueWords(issue: z.core.$ZodRawIssue): string | null {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return "is required";
      return `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return issue.values.length === 1
        ? `must be ${String(issue.values[0])}`
        : `must be one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return bound(issue.origin, issue.minimum, "at least", issue.inclusive !== false);
    case "too_big":
      return bound(issue.origin, issue.maximum, "at most", issue.inclusive !== false);
    case "invalid_format":
      return FORMATS[issue.format] ? `must be ${FORMATS[issue.format]}` : "is not written as it has to be";
    case "invalid_union":
      return "is of none of the forms that are taken";
    case "unrecognized_keys":
      return `has fields that are not known: ${issue.keys.join(", ")}`;
    default:
      return null;
  }
}

function bound(origin: string, limit: number | bigint, how: string, inclusive: boolean): string {
  const unit = UNITS[origin];
  if (unit && how === "at least" && Number(limit) === 1) return "must not be empty";
  if (unit) return `must have ${how} ${limit} ${unit}${Number(limit) === 1 ? "" : "s"}`;
  if (inclusive) return `must be ${how} ${limit}`;
  return `must be ${how === "at least" ? "more" : "less"} than ${limit}`;
}

// For the whole process: routes, callbacks and the stream say the same of the same fault.
z.config({ customError: issueWords });
