import assert from "node:assert/strict";
import { test } from "node:test";
import type { PermissionRequest } from "@mission-control/protocol";
import { quickAnswers } from "./quick-answers.ts";

function request(...kinds: PermissionRequest["options"][number]["kind"][]): PermissionRequest {
  return {
    id: "req_1",
    title: "Run it",
    options: kinds.map((kind, at) => ({ optionId: `o${at}`, name: `${kind}`, kind })),
  };
}
const kinds = (asked: PermissionRequest | undefined) => quickAnswers(asked).map(({ kind }) => kind);

test("a card offers to allow once and to deny once, whatever else could be answered", () => {
  assert.deepEqual(kinds(request("allow_always", "reject_once", "allow_once")), [
    "allow_once",
    "reject_once",
  ]);
});

test("where there is no such pair, it offers nothing: one has to look at the task", () => {
  assert.deepEqual(kinds(undefined), []);
  const fields = [{ name: "branch", label: "Branch", type: "text" as const }];
  assert.deepEqual(
    kinds({ ...request("allow_once", "reject_once"), fields }),
    [],
    "a form is filled in there",
  );
  assert.deepEqual(kinds(request("allow_always", "reject_once")), []);
  assert.deepEqual(kinds(request(undefined, undefined)), []);
});
