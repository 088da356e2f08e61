import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type FormField,
  type FormValues,
  formErrors,
  type PermissionRequest,
} from "@mission-control/protocol";
import { NOW, REQUEST, Story, TASK } from "../../test/support/story.ts";
import { firstExpiry } from "./permissions.ts";

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

const FORM = {
  id: "f1",
  title: "Which branch?",
  options: [],
  fields: [
    { name: "branch", label: "Branch", type: "text", required: true },
    { name: "base", type: "choice", options: ["main", "next"] },
    { name: "checks", type: "multi", options: ["lint", "test"] },
    { name: "push", type: "boolean" },
  ],
} satisfies PermissionRequest;

test("a choice of more than its options takes a text, but not an empty one", () => {
  const fields: FormField[] = [
    { name: "where", type: "choice", options: ["here", "there"], other: true, required: true },
    { name: "when", type: "multi", options: ["now"], other: true },
  ];
  assert.deepEqual(formErrors(fields, { where: "elsewhere", when: ["now", "at noon"] }), []);
  assert.deepEqual(
    formErrors(fields, { where: "  ", when: [" "] }).map(({ path }) => path),
    ["values.where", "values.when"],
  );
});

const fill = (story: Story, values: FormValues, optionId?: string) =>
  story.do({ kind: "answer_permission", taskId: TASK, requestId: "f1", optionId, values });

test("a form is answered with values that fill it in, which go to the agent as they are", () => {
  const story = new Story().accepted();
  story.callback({ type: "permission", request: FORM });
  const values = { branch: "fix", base: "main", checks: ["lint", "test"], push: false };
  const { command, events } = fill(story, values);
  assert.deepEqual(command, { kind: "permission", requestId: "f1", values });
  assert.deepEqual(events[0]?.data, { state: "answered", requestId: "f1", values });
  assert.equal(events[0]?.message, "Answered: Which branch?");
});

test("values that do not fill in a form are refused, each with why", () => {
  const story = new Story().accepted();
  story.callback({ type: "permission", request: FORM });
  const why = (values: FormValues, optionId?: string) => {
    const { refusal } = fill(story, values, optionId);
    assert.equal(refusal?.code, "invalid");
    return (refusal?.errors ?? []).map(({ path, message }) => `${path} ${message}`);
  };
  assert.deepEqual(why({}), ["values.branch is required"]);
  assert.deepEqual(why({ branch: "", base: "main" }), ["values.branch is required"]);
  assert.deepEqual(why({ branch: true, base: "other", checks: "lint", push: "yes", more: "x" }), [
    "values.branch must be a text",
    "values.base must be one of main, next",
    "values.checks must be a list of some of lint, test",
    "values.push must be true or false",
    "values.more is no field of the form",
  ]);
  assert.deepEqual(why({ branch: "fix" }, "allow"), ["optionId must be left out: there are none"]);
  story.callback({ type: "permission", request: REQUEST });
  const other = { kind: "answer_permission", taskId: TASK, requestId: "r1", optionId: "allow" } as const;
  assert.match(story.do({ ...other, values: {} }).refusal?.detail ?? "", /values must be left out/);
});

test("a form with options may be refused by one of them without being filled in", () => {
  const options = [
    { optionId: "go", name: "Go", kind: "allow_once" },
    { optionId: "no", name: "No", kind: "reject_once" },
  ];
  const ask = () => {
    const story = new Story().accepted();
    story.callback({ type: "permission", request: { ...FORM, options } });
    return story;
  };
  assert.equal(ask().answer("f1", "go").refusal?.detail, "values.branch is required.");
  assert.deepEqual(ask().answer("f1", "no").command, { kind: "permission", requestId: "f1", optionId: "no" });
  assert.equal(fill(ask(), { branch: "fix" }, "go").refusal, undefined);
});

test("a request whose time is over, by the server's clock, is taken back, and answered no more", () => {
  const story = new Story().accepted();
  const at = (seconds: number) => new Date(Date.parse(NOW) + seconds * 1000).toISOString();
  story.callback({ type: "permission", request: { ...REQUEST, expiresAt: at(0) } });
  story.callback({ type: "permission", request: { ...REQUEST, id: "r2", expiresAt: at(1) } });
  assert.equal(firstExpiry(story.attempt), at(0));
  const late = story.answer("r1", "allow").refusal;
  assert.equal(late?.code, "conflict");
  assert.match(late?.detail ?? "", /timed out/);
  const expire = () => story.do({ kind: "requests_expired", taskId: TASK, dispatchId: story.attempt.id });
  assert.deepEqual(
    expire().events.map(({ type, message, data }) => ({ type, message, data })),
    [
      {
        type: "permission",
        message: REQUEST.title,
        data: { state: "timed_out", requestId: "r1", source: "server" },
      },
    ],
  );
  assert.equal(story.task?.waitingFor?.id, "r2");
  assert.equal(firstExpiry(story.attempt), at(1));
  assert.deepEqual(expire().events, []);
  assert.equal(story.answer("r1", "allow").refusal?.code, "not_found");
});

test("whether the agent has an answer is told once, also when its attempt is over", () => {
  const story = new Story().accepted();
  const deliver = (reason?: string) =>
    story.do({
      kind: "answer_delivered",
      taskId: TASK,
      dispatchId: story.attempt.id,
      requestId: "r1",
      reason,
    });
  story.callback({ type: "permission", request: REQUEST });
  assert.deepEqual(deliver().events, [], "nothing was answered");
  story.answer("r1", "allow");
  assert.deepEqual(
    deliver().events.map(({ type, data }) => ({ type, data })),
    [{ type: "permission", data: { state: "delivered", requestId: "r1" } }],
  );
  assert.deepEqual(deliver("It was gone.").events, []);
  story.callback({ type: "permission", request: REQUEST });
  story.answer("r1", "deny");
  story.callback({ type: "complete", summary: "Done." });
  const [event] = deliver("The agent no longer knows this question.").events;
  assert.equal(event?.message, "The agent no longer knows this question.");
  assert.deepEqual(event?.data, {
    state: "undelivered",
    requestId: "r1",
    reason: event?.message,
    title: "Run rm -rf build",
  });
});

test("a question of the gateway is asked once, answered like its agent's, or settled there", () => {
  const story = new Story().accepted();
  const about = () => ({ taskId: TASK, dispatchId: story.attempt.id, at: NOW });
  const ask = () => story.do({ kind: "run_question", request: REQUEST, ...about() });
  const settle = () => story.do({ kind: "run_question_settled", requestId: "r1", ...about() });
  const types = (events: readonly { type: string; data: object }[]) =>
    events.map(({ type, data }) => [type, "state" in data && data.state, "source" in data && data.source]);
  assert.deepEqual(types(ask().events), [["permission", "requested", "gateway"]]);
  assert.equal(story.task?.waitingFor?.id, "r1");
  assert.deepEqual(ask().events, []);
  assert.deepEqual(types(settle().events), [["permission", "withdrawn", "gateway"]]);
  assert.deepEqual([story.task?.waitingFor, settle().events, ask().events], [undefined, [], []]);
  const other = new Story().accepted();
  other.do({ kind: "run_question", request: REQUEST, taskId: TASK, dispatchId: other.attempt.id, at: NOW });
  assert.equal(other.answer("r1", "allow").command?.kind, "permission");
  const late = {
    kind: "run_question_settled",
    requestId: "r1",
    taskId: TASK,
    dispatchId: other.attempt.id,
    at: NOW,
  } as const;
  assert.deepEqual(other.do(late).events, [], "what was answered here is not withdrawn");
});
