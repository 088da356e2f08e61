import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { JsonObject } from "@mission-control/protocol";
import { OpenClawFixture, payload, SESSION, target } from "../../../test/support/openclaw-fixture.ts";

const asked: JsonObject = {
  id: "339ed239",
  request: {
    command: "rm -rf build # whsec_c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZSEh",
    cwd: "/work",
    allowedDecisions: ["allow-once", "deny", "something-newer"],
    sessionKey: SESSION,
  },
  expiresAtMs: 1_796_024_296_064,
};
const requestId = "openclaw-exec:339ed239";

let gateway: OpenClawFixture;
/** What the gateway asks already. */
let pending: JsonObject[];
beforeEach(async () => {
  gateway = await OpenClawFixture.open();
  pending = [];
  const { fake } = gateway;
  fake.on("agent", ({ answer }) => answer({ status: "accepted" }));
  fake.on("exec.approval.list", ({ answer }) => answer(pending as never));
  fake.on("question.list", ({ answer }) => answer({ questions: [] }));
  fake.on("connect", ({ params, answer }) => {
    const auth = { role: "operator", scopes: params.scopes ?? [] };
    answer({ ...fake.hello(), auth });
  });
});
afterEach(() => gateway.close());

const told = () =>
  gateway.events.filter(({ kind }) => kind === "question_asked" || kind === "question_settled");

async function dispatched(options = { answersApprovals: true }): Promise<void> {
  gateway.start(options);
  await gateway.adapter.dispatch(target, payload, gateway.context());
  await gateway.fake.request("agent.wait");
}

test("a command that its gateway asks about is a question of its run, without the secret, and settled when that says so", async () => {
  await dispatched();
  const { params } = await gateway.fake.request("connect");
  assert.deepEqual(
    [params.scopes, params.caps],
    [
      ["operator.read", "operator.write", "operator.approvals", "operator.questions", "operator.admin"],
      ["tool-events", "exec-approvals"],
    ],
  );
  gateway.fake.tell("exec.approval.requested", { ...asked, request: { command: "ls", sessionKey: "other" } });
  gateway.fake.tell("exec.approval.requested", asked);
  gateway.fake.tell("exec.approval.resolved", { id: "339ed239", decision: "deny" });
  await gateway.until(() => told().length === 2);
  const [first, second] = told();
  assert.deepEqual(first?.kind === "question_asked" && first.request, {
    id: requestId,
    title: "rm -rf build # [secret]",
    options: [
      { optionId: "allow-once", name: "Allow once", kind: "allow_once" },
      { optionId: "deny", name: "Deny", kind: "reject_once" },
    ],
    tool: { name: "exec", input: { command: "rm -rf build # [secret]", cwd: "/work" }, state: "pending" },
    expiresAt: "2026-11-30T07:38:16.064Z",
  });
  assert.equal(second?.kind === "question_settled" && second.requestId, requestId);
});

test("what is asked already when the run is taken up is read from the gateway", async () => {
  pending = [asked];
  await dispatched();
  await gateway.until(() => told().length > 0);
  assert.equal(told()[0]?.kind, "question_asked");
});

test("who is not to answer such questions takes no right for it", async () => {
  await dispatched({ answersApprovals: false });
  const { params } = await gateway.fake.request("connect");
  assert.deepEqual(params.scopes, [
    "operator.read",
    "operator.write",
    "operator.approvals",
    "operator.questions",
  ]);
  assert.deepEqual(params.caps, ["tool-events"]);
  assert.equal(gateway.fake.count("exec.approval.list"), 0);
});

test("the operator's decision goes to the gateway; one that came too late says what was decided", async () => {
  await dispatched();
  const decide = (optionId: string) =>
    gateway.adapter.answerPermission(target, payload, { requestId, optionId }, gateway.context());
  let result: JsonObject = { applied: true, approval: { decision: "allow-once" } };
  gateway.fake.on("approval.resolve", ({ answer }) => answer(result));
  await decide("allow-once");
  const { params } = await gateway.fake.request("approval.resolve");
  assert.deepEqual(params, { id: "339ed239", kind: "exec", decision: "allow-once" });
  result = { applied: false, approval: { decision: "allow-once", status: "allowed", reason: "user" } };
  await decide("allow-once");
  await assert.rejects(decide("deny"), {
    code: "answer_refused",
    message: "The gateway had settled this command already: allow-once, user.",
  });
  gateway.fake.on("approval.resolve", ({ refuse }) =>
    refuse({ code: "INVALID_REQUEST", message: "unknown or expired approval id" }),
  );
  await assert.rejects(decide("deny"), { code: "answer_refused", message: /no longer asks/ });
  assert.equal(gateway.fake.count("agent"), 1, "it is no turn");
});
