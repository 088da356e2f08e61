import assert from "node:assert/strict";
import { test } from "node:test";
import { type FormField, formErrors } from "@mission-control/protocol";
import fc from "fast-check";
import {
  emptyValues,
  isRefusal,
  missingFields,
  NOTHING_PICKED,
  type Picked,
  pickedValue,
  sentValues,
  withOption,
  withOwnWords,
} from "./answer-values.ts";

const fields: FormField[] = [
  { name: "branch", type: "text", required: true },
  { name: "level", type: "choice", options: ["patch", "minor"], required: true },
  { name: "checks", type: "multi", options: ["lint", "types"] },
  { name: "push", type: "boolean", required: true },
];

test("a form begins empty, says what is missing, and sends what was filled in", () => {
  const values = emptyValues(fields);
  assert.deepEqual(values, { branch: "", level: "", checks: [], push: false });
  assert.deepEqual(missingFields(fields, values), ["branch", "level"]);
  const filled = { ...values, branch: "main", level: "minor" };
  assert.deepEqual(missingFields(fields, filled), []);
  assert.deepEqual(sentValues(filled), { branch: "main", level: "minor", push: false });
  assert.deepEqual(formErrors(fields, sentValues(filled)), [], "the server takes it");
});

const one: FormField = { name: "where", type: "choice", options: ["a", "b"], other: true, required: true };
const many: FormField = { ...one, type: "multi" };
/** Writes a word letter by letter, as into a field. */
const write = (field: FormField, words: string, begin: Picked = NOTHING_PICKED) =>
  Array.from(words).reduce((now, _, at) => withOwnWords(field, now, words.slice(0, at + 1)), begin);

test("words that begin as an option does are written to their end", () => {
  for (const field of [one, many]) {
    const written = write(field, "apple");
    assert.deepEqual(written, { chosen: [], own: "apple" }, field.type);
    assert.deepEqual(pickedValue(field, write(field, "a")), field === many ? ["a"] : "a");
  }
});

test("of a choice, the last that was done holds: an option, or words", () => {
  const words = write(one, "else", withOption(one, NOTHING_PICKED, "a", true));
  assert.equal(pickedValue(one, words), "else");
  const option = withOption(one, words, "b", true);
  assert.deepEqual([pickedValue(one, option), option.own], ["b", ""]);
});

test("of several, options stand in the order they are offered in, and words beside them, once", () => {
  const both = withOption(many, withOption(many, write(many, "else"), "b", true), "a", true);
  assert.deepEqual(pickedValue(many, both), ["a", "b", "else"]);
  assert.deepEqual(pickedValue(many, withOption(many, both, "b", false)), ["a", "else"]);
  assert.deepEqual(pickedValue(many, withOwnWords(many, both, " a ")), ["a", "b"]);
});

test("whatever is picked and written, the server takes it, or the form says that it is missing", () => {
  const step = fc.oneof(
    fc.record({ option: fc.constantFrom("a", "b"), isOn: fc.boolean() }),
    fc.record({ own: fc.constantFrom("", " ", "a", " b ", "else", "\n") }),
  );
  fc.assert(
    fc.property(fc.constantFrom(one, many), fc.array(step, { maxLength: 8 }), (field, steps) => {
      let picked = NOTHING_PICKED;
      for (const did of steps) {
        picked =
          "own" in did
            ? withOwnWords(field, picked, did.own)
            : withOption(field, picked, did.option, did.isOn);
      }
      const values = { where: pickedValue(field, picked) };
      const isMissing = missingFields([field], values).length > 0;
      assert.equal(formErrors([field], sentValues(values)).length > 0, isMissing);
    }),
  );
});

test("an option that says no needs no form", () => {
  assert.equal(isRefusal({ optionId: "no", name: "No", kind: "reject_once" }), true);
  assert.equal(isRefusal({ optionId: "yes", name: "Yes", kind: "allow_once" }), false);
  assert.equal(isRefusal({ optionId: "maybe", name: "Maybe" }), false);
});
