import assert from "node:assert/strict";
import { test } from "node:test";
import { type FormField, formErrors } from "@mission-control/protocol";
import {
  emptyValues,
  isRefusal,
  missingFields,
  ownWords,
  sentValues,
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

test("what is written beside the options is the one that is none of them, and is chosen like one", () => {
  assert.equal(ownWords(["a", "b"], "b"), "");
  assert.equal(ownWords(["a", "b"], "else"), "else");
  assert.equal(ownWords(["a", "b"], ["a", "else"]), "else");
  assert.deepEqual(withOwnWords(["a"], "else"), ["a", "else"]);
  assert.deepEqual(withOwnWords(["a"], ""), ["a"]);
  const field: FormField = { name: "where", type: "multi", options: ["a"], other: true, required: true };
  assert.deepEqual(formErrors([field], { where: withOwnWords(["a"], "else") }), [], "the server takes it");
  assert.deepEqual(missingFields([field], { where: withOwnWords([], "") }), ["where"]);
});

test("an option that says no needs no form", () => {
  assert.equal(isRefusal({ optionId: "no", name: "No", kind: "reject_once" }), true);
  assert.equal(isRefusal({ optionId: "yes", name: "Yes", kind: "allow_once" }), false);
  assert.equal(isRefusal({ optionId: "maybe", name: "Maybe" }), false);
});
