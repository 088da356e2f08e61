import assert from "node:assert/strict";
import { test } from "node:test";
import { createTaskSchema } from "@mission-control/protocol";
import fc from "fast-check";
import { task } from "../../test/support/events.ts";
import { ApiError } from "../api/api-error.ts";
import { text } from "../text/text.ts";
import { changedFields, draftOf, fieldsOf, type TaskFields, whyNotMade } from "./task-draft.ts";

const tag = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
const fields: fc.Arbitrary<TaskFields> = fc.record(
  {
    title: fc.stringMatching(/^[A-Za-z][A-Za-z ,"]{0,20}[a-z]$/),
    description: fc.string({ unit: "grapheme", maxLength: 40 }),
    priority: fc.constantFrom("low", "normal", "high", "urgent"),
    tags: fc.uniqueArray(tag, { maxLength: 4 }),
    context: fc.dictionary(tag, fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<string>, {
      maxKeys: 3,
      noNullPrototype: true,
    }),
    requiresReview: fc.boolean(),
  },
  { noNullPrototype: true },
);
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

test("a task that is opened and saved as it was stays as it was: nothing is sent", () => {
  fc.assert(
    fc.property(fields, (known) => {
      const draft = draftOf(known);
      const read = fieldsOf(draft);
      assert.ok(read);
      assert.deepEqual(plain(read), plain(known));
      assert.deepEqual(changedFields(draft, read), {});
    }),
  );
});

test("only what was written otherwise is sent: the rest may have been changed by others meanwhile", () => {
  fc.assert(
    fc.property(fields, fields, fc.subarray(Object.keys(draftOf(undefined))), (known, wanted, names) => {
      const before = draftOf(known);
      const other = draftOf(wanted);
      const after = { ...before };
      for (const name of names) Object.assign(after, { [name]: other[name as keyof typeof other] });
      const read = fieldsOf(after);
      assert.ok(read);
      const changed = changedFields(before, read);
      for (const name of Object.keys(changed)) assert.ok(names.includes(name), name);
      assert.deepEqual(plain({ ...known, ...changed }), plain(read));
    }),
  );
});

test("an empty form is a task of its defaults, but for the title, and the server takes what it makes", () => {
  const read = fieldsOf({ ...draftOf(undefined), title: " Mend it ", tags: " a,, b ," });
  assert.deepEqual(read, {
    title: "Mend it",
    description: "",
    priority: "normal",
    tags: ["a", "b"],
    context: {},
    requiresReview: false,
  });
  assert.equal(createTaskSchema.safeParse(read).success, true);
});

test("a context that is no JSON object is not sent", () => {
  for (const context of ["[1]", "{", "branch: main"]) {
    assert.equal(fieldsOf({ ...draftOf(task()), context }), null, context);
  }
  assert.deepEqual(fieldsOf({ ...draftOf(task({ context: { a: 1 } })), context: " " })?.context, {});
});

test("a form whose first answer was lost, and that was changed since, says that the task is there", () => {
  const refused = (status: number) => new ApiError("Refused.", status, null, null);
  assert.equal(whyNotMade(refused(422)), text.taskForm.madeBefore);
  for (const error of [refused(400), refused(0), new Error("Refused.")])
    assert.equal(whyNotMade(error), "Refused.");
});
