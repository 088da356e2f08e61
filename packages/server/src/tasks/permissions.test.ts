import assert from "node:assert/strict";
import { test } from "node:test";
import { REQUEST, Story } from "../../test/support/story.ts";

test("a permission request is answered once, with one of its options, and the agent is told", () => {
  const story = new Story().accepted();
  assert.equal(story.answer("r1", "allow").refusal?.code, "not_found");
  story.callback({ type: "permission", request: REQUEST });
  assert.deepEqual(story.task?.waitingFor, REQUEST);
  const wrong = story.answer("r1", "maybe");
  assert.equal(wrong.refusal?.code, "invalid");
  assert.match(wrong.refusal?.detail ?? "", /allow, deny/);
  const { command, events } = story.answer("r1", "allow");
  assert.deepEqual(command, { kind: "permission", requestId: "r1", optionId: "allow" });
  assert.deepEqual(
    events.map(({ type, message, data }) => ({ type, message, data })),
    [
      {
        type: "permission",
        message: "Allow: Run rm -rf build",
        data: { state: "answered", requestId: "r1", optionId: "allow" },
      },
    ],
  );
  assert.equal(story.task?.waitingFor, undefined);
  assert.equal(story.answer("r1", "deny").refusal?.code, "conflict");
});

test("a task waits for its oldest open request, asked again or not, until every one is answered", () => {
  const story = new Story().accepted();
  const second = { ...REQUEST, id: "r2" };
  story.callback({ type: "permission", request: REQUEST });
  story.callback({ type: "permission", request: second });
  story.callback({ type: "permission", request: REQUEST });
  assert.equal(story.task?.waitingFor?.id, "r1");
  story.answer("r1", "deny");
  assert.equal(story.task?.waitingFor?.id, "r2");
  story.callback({ type: "permission", request: second, data: { state: "timed_out" } });
  assert.equal(story.task?.waitingFor, undefined);
  assert.equal(story.answer("r2", "allow").refusal?.code, "not_found");
});

test("a request that is asked again after it was withdrawn waits behind those that waited already", () => {
  const story = new Story().accepted();
  const ask = (id: string, state?: "withdrawn") =>
    story.callback({
      type: "permission",
      request: { ...REQUEST, id },
      ...(state ? { data: { state } } : {}),
    });
  ask("r1");
  ask("r2");
  ask("r3");
  ask("r1", "withdrawn");
  ask("r1");
  for (const next of ["r2", "r3", "r1"]) {
    assert.equal(story.task?.waitingFor?.id, next);
    story.answer(next, "allow");
  }
});

test("a request waits with its tool and its diff, and is kept without them once it is settled", () => {
  const story = new Story().accepted();
  const details = { tool: { name: "Edit", state: "pending" as const }, diff: "+new" };
  const ids = ["answered", "withdrawn", "ended"];
  for (const id of ids) story.callback({ type: "permission", request: { ...REQUEST, id, ...details } });
  assert.deepEqual(story.task?.waitingFor, { ...REQUEST, id: "answered", ...details });
  story.answer("answered", "allow");
  story.callback({
    type: "permission",
    request: { ...REQUEST, id: "withdrawn" },
    data: { state: "withdrawn" },
  });
  assert.equal(story.task?.waitingFor?.diff, "+new");
  story.callback({ type: "complete" });
  assert.deepEqual(
    story.attempt.permissions?.map(({ request }) => request),
    ids.map((id) => ({ ...REQUEST, id })),
  );
});

for (const ending of ["complete", "error", "cancel", "lost"] as const) {
  test(`an attempt that ended by ${ending} waits for nothing`, () => {
    const story = new Story().accepted();
    story.callback({ type: "permission", request: REQUEST });
    if (ending === "cancel") story.step("cancel");
    else if (ending === "lost") story.undelivered("lost", "The gateway forgot it.");
    else story.callback({ type: ending });
    assert.equal(story.task?.waitingFor, undefined);
    assert.deepEqual(
      story.attempt.permissions?.map(({ state }) => state),
      ["withdrawn"],
    );
    assert.equal(story.answer("r1", "allow").refusal?.code, "not_found");
  });
}
