import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { formErrors, type JsonObject, permissionRequestSchema } from "@mission-control/protocol";
import { OpenClawFixture, payload, SESSION, target } from "../../../test/support/openclaw-fixture.ts";

const where: JsonObject = {
  questionId: "where",
  header: "Deploy",
  question: "Where to deploy it?",
  options: [{ label: "Staging (Recommended)", description: "as last time" }, { label: "Production" }],
  isOther: true,
};
const asked: JsonObject = {
  id: "ask_1",
  questions: [where],
  sessionKey: SESSION,
  runId: "d1",
  createdAtMs: 1_796_024_000_000,
  expiresAtMs: 1_796_024_900_000,
  status: "pending",
};
const requestId = "openclaw-question:ask_1";

let gateway: OpenClawFixture;
/** What the gateway asks now. */
let pending: JsonObject[];
beforeEach(async () => {
  gateway = await OpenClawFixture.open();
  pending = [];
  const { fake } = gateway;
  fake.on("agent", ({ answer }) => answer({ status: "accepted" }));
  fake.on("question.list", ({ answer }) => answer({ questions: pending }));
  fake.on("connect", ({ params, answer }) => {
    const auth = { role: "operator", scopes: params.scopes ?? [] };
    answer({ ...fake.hello(), auth });
  });
});
afterEach(() => gateway.close());

const requests = () =>
  gateway.events.flatMap((event) => (event.kind === "question_asked" ? [event.request] : []));
const settled = () =>
  gateway.events.flatMap((event) => (event.kind === "question_settled" ? [event.requestId] : []));

async function dispatched(): Promise<void> {
  gateway.start();
  await gateway.adapter.dispatch(target, payload, gateway.context());
  await gateway.fake.request("agent.wait");
}

async function askedHere(questions: JsonObject[]) {
  await dispatched();
  gateway.fake.tell("question.requested", { ...asked, questions });
  await gateway.until(() => requests().length > 0);
  const [request] = requests();
  assert.ok(request);
  return permissionRequestSchema.parse(request);
}

const answer = (given: { optionId?: string; values?: Record<string, string | string[]> }) =>
  gateway.adapter.answerPermission(target, payload, { requestId, ...given }, gateway.context());

test("what an agent asks is a form that takes an answer of one's own, and can be skipped", async () => {
  const request = await askedHere([where]);
  assert.deepEqual(request, {
    id: requestId,
    title: "Where to deploy it?",
    options: [
      { optionId: "answer", name: "Answer", kind: "allow_once" },
      { optionId: "skip", name: "Skip", kind: "reject_once" },
    ],
    fields: [
      {
        name: "where",
        label: "Deploy\nStaging (Recommended): as last time",
        type: "choice",
        options: ["Staging (Recommended)", "Production"],
        other: true,
        required: true,
      },
    ],
    expiresAt: "2026-11-30T07:48:20.000Z",
  });
  gateway.fake.tell("question.requested", { ...asked, sessionKey: "agent:coder:other" });
  gateway.fake.tell("question.resolved", { id: "ask_1", status: "expired" });
  await gateway.until(() => settled().length > 0);
  assert.deepEqual([requests().length, settled()], [1, [requestId]]);
});

test("several questions are the fields of one form, without the secret of the dispatch", async () => {
  const { secret } = payload.callback;
  const request = await askedHere([
    {
      questionId: "which",
      header: "Which",
      question: `Which of these, ${secret}?`,
      options: [{ label: "a" }, { label: "b" }],
      multiSelect: true,
    },
    { questionId: "why", header: "Why", question: "And why?", options: [] },
  ]);
  assert.equal(request.title, "Which of these, [secret]? And why?");
  assert.deepEqual(
    request.fields?.map(({ name, label, type }) => [name, label, type]),
    [
      ["which", "Which of these, [secret]?", "multi"],
      ["why", "And why?", "text"],
    ],
  );
  assert.deepEqual(formErrors(request.fields ?? [], { which: ["a", "b"], why: "because" }), []);
});

test("a secret is not asked for here, where answers are kept: it can be skipped", async () => {
  const request = await askedHere([
    {
      questionId: "token",
      header: "Token",
      question: "Which token?",
      options: [],
      isSecret: true,
      secretStore: { name: "TOKEN", kind: "secret" },
    },
  ]);
  assert.match(request.title, /^Which token\? \(A secret: give it on the gateway/);
  assert.deepEqual([request.fields, request.options.map(({ optionId }) => optionId)], [undefined, ["skip"]]);
});

test("the operator's answer goes to the gateway as lists, and a skip as a withdrawal", async () => {
  await dispatched();
  gateway.fake.on("question.resolve", ({ answer }) => answer({ status: "cancelled" }));
  await answer({ optionId: "answer", values: { where: "Production", which: ["a", "b"] } });
  await answer({ optionId: "skip" });
  const params = await Promise.all(
    [1, 2].map(async (count) => (await gateway.fake.request("question.resolve", count)).params),
  );
  assert.deepEqual(params, [
    { id: "ask_1", answers: { answers: { where: ["Production"], which: ["a", "b"] } } },
    { id: "ask_1", cancel: true },
  ]);
  assert.equal(gateway.fake.count("agent"), 1, "it is no turn");
});

test("an answer that the gateway has already counts; another one, or one to what it does not know, is refused in words", async () => {
  await dispatched();
  const known = { answers: { where: ["Production"] } };
  gateway.fake.on("question.resolve", ({ refuse }) =>
    refuse({ code: "INVALID_REQUEST", message: "question 'ask_1' is already answered" }),
  );
  gateway.fake.on("question.get", ({ answer }) =>
    answer({ question: { ...asked, status: "answered", answers: known } }),
  );
  await answer({ optionId: "answer", values: { where: "Production" } });
  const refused = { code: "answer_refused", message: /'ask_1' is already answered/ };
  await assert.rejects(answer({ optionId: "answer", values: { where: "Staging" } }), refused);
  await assert.rejects(answer({ optionId: "skip" }), refused);
  gateway.fake.on("question.get", ({ refuse }) => refuse({ code: "INVALID_REQUEST", message: "not found" }));
  await assert.rejects(answer({ optionId: "answer", values: { where: "Production" } }), refused);
});

test("what was asked, or settled, while there was no connection is known when there is one again", async () => {
  pending = [asked];
  await dispatched();
  await gateway.until(() => requests().length > 0);
  pending = [{ ...asked, id: "ask_2" }];
  gateway.fake.cut();
  await gateway.until(() => settled().length > 0 && requests().some(({ id }) => id.endsWith("ask_2")));
  assert.deepEqual(settled(), [requestId]);
});
