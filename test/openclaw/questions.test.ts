import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AdapterProbe, payload, target } from "./adapter-probe.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { OperatorClient } from "./operator-client.ts";
import { type Step, StubModel } from "./stub-model.ts";

const model = new StubModel();
let gateway: GatewayProcess;

before(async () => {
  // Otherwise most tools are to be looked for before they are called.
  gateway = await GatewayProcess.start(await model.listen(), { tools: { toolSearch: false } });
});

after(async () => {
  await gateway?.close();
  await model.close();
});

const where = {
  id: "where",
  header: "Deploy",
  question: "Where to deploy it?",
  options: [{ label: "Staging" }, { label: "Production" }],
};
const checks = {
  id: "checks",
  header: "Checks",
  question: "Which checks before?",
  options: [{ label: "lint" }, { label: "types" }],
  multiSelect: true,
};
const steps = (questions: object[]): Step[] => [
  { tool: "ask_user", input: { questions } },
  { say: "Went on." },
];

/** Hands a dispatch over whose agent asks, and gives what it asked. */
async function asking(probe: AdapterProbe, key: string, questions: object[]) {
  const sent = payload(key, steps(questions));
  await probe.handOver(sent);
  const event = await probe.event(
    (one) => one.dispatchId === sent.dispatchId && one.kind === "question_asked",
  );
  const request = event.kind === "question_asked" ? event.request : assert.fail();
  const answer = (optionId: string, values?: Record<string, string | string[]>) =>
    probe.adapter.answerPermission(
      target(),
      sent,
      { requestId: request.id, optionId, values },
      probe.context(sent.dispatchId),
    );
  const settled = () =>
    probe.event(
      (one) =>
        one.kind === "question_settled" && one.requestId === request.id && one.dispatchId === sent.dispatchId,
    );
  return { sent, request, answer, settled };
}

async function withProbe(use: (probe: AdapterProbe) => Promise<void>): Promise<void> {
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    await use(probe);
  } finally {
    await probe.close();
  }
}

test("what an agent asks people is a form here, and its answers reach the model", () =>
  withProbe(async (probe) => {
    const { sent, request, answer, settled } = await asking(probe, "asks", [where, checks]);
    assert.deepEqual(
      request.fields?.map(({ name, type, options, other }) => ({ name, type, options, other })),
      [
        { name: "where", type: "choice", options: ["Staging", "Production"], other: true },
        { name: "checks", type: "multi", options: ["lint", "types"], other: true },
      ],
    );
    assert.ok(Date.parse(request.expiresAt ?? "") > Date.now(), "it waits for some time");
    const values = { where: "OUR-OWN-MACHINE", checks: ["types"] };
    await answer("answer", values);
    // As after a crash before that was written.
    await answer("answer", values);
    await assert.rejects(answer("skip"), { code: "answer_refused", message: /already answered/ });
    await settled();
    await model.told("OUR-OWN-MACHINE");
    const end = await probe.end(sent.dispatchId);
    assert.deepEqual(end.kind === "ended" && [end.outcome, end.text], ["completed", "Went on."]);
  }));

test("a question that is skipped leaves the agent to its own judgement", () =>
  withProbe(async (probe) => {
    const { sent, answer, settled } = await asking(probe, "skipped", [where]);
    await answer("skip");
    await answer("skip");
    await settled();
    await model.told("The question was cancelled");
    await probe.end(sent.dispatchId);
  }));

test("a question that somebody answers on the gateway is withdrawn here", () =>
  withProbe(async (probe) => {
    const { request, settled, answer } = await asking(probe, "elsewhere", [where]);
    const scopes = ["operator.read", "operator.questions"];
    const other = await OperatorClient.connect({ url: gateway.url, token: gateway.token, scopes, caps: [] });
    try {
      const id = request.id.replace("openclaw-question:", "");
      await other.request("question.resolve", { id, answers: { answers: { where: ["Staging"] } } });
    } finally {
      other.close();
    }
    await settled();
    await assert.rejects(answer("answer", { where: "Production" }), { code: "answer_refused" });
  }));

test("a question of a run that is cancelled is withdrawn by the gateway, and here", () =>
  withProbe(async (probe) => {
    const { sent, settled } = await asking(probe, "cancelled", [where]);
    const ref = { dispatchId: sent.dispatchId, taskId: sent.task.id };
    await probe.adapter.cancel(target(), ref, new AbortController().signal);
    await settled();
  }));
