import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connectToGateway } from "../../packages/server/src/gateways/openclaw/connecting.ts";
import { AdapterProbe, payload, SECRET, target } from "./adapter-probe.ts";
import { CuttingProxy } from "./cutting-proxy.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { StubModel } from "./stub-model.ts";

const model = new StubModel();
let gateway: GatewayProcess;

before(async () => {
  gateway = await GatewayProcess.start(await model.listen());
});

after(async () => {
  await gateway?.close();
  await model.close();
});

test("a turn runs, and its tool calls and end are told without the secret", async () => {
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    const steps = [
      { exec: "env {{ENV}} sh -c 'echo to-stderr >&2; exit 3'", saying: "I look." },
      { say: "All done." },
    ];
    const sent = payload("tells", steps);
    await probe.handOver(sent);
    const end = await probe.end(sent.dispatchId);
    assert.equal(end.kind === "ended" && end.outcome, "completed");
    assert.equal(end.kind === "ended" && end.text, "All done.");
    const messages = probe.messages(sent.dispatchId);
    assert.equal(messages[0], "The agent's run has started");
    assert.equal(messages[1], "I look.");
    assert.match(messages[2] ?? "", /^exec: env .*exit 3/);
    const [said, ...tool] = probe.entries(sent.dispatchId);
    assert.deepEqual(said, { kind: "message", role: "assistant", text: "I look." });
    const { title, input, output, ...call } = Object.assign({}, ...tool);
    assert.match(title, /^env .*exit 3/);
    assert.match(input.command, /^env sh -c .*exit 3/);
    assert.match(output, /to-stderr/);
    const { id, durationMs, ...outcome } = call;
    assert.deepEqual(outcome, { kind: "tool", name: "exec", state: "failed", exitCode: 3 });
    assert.ok(typeof id === "string" && typeof durationMs === "number");
    assert.deepEqual(model.timesTaken("tells", 0), 1);
    assert.match(model.requests.find(({ script }) => script === "tells")?.system ?? "", new RegExp(SECRET));
    const written = JSON.stringify([probe.events, probe.logs]);
    assert.doesNotMatch(written, /c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZSEh/);
    assert.equal(probe.ends(sent.dispatchId).length, 1);
  } finally {
    await probe.close();
  }
});

test("the gateway's agents, version and protocol are known once connected", async () => {
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    await probe.state("connected");
    const { protocol, version, deviceId, lastError, connectedAt } = probe.adapter.state();
    assert.deepEqual({ protocol, version, lastError }, { protocol: 4, version: "2026.9.6", lastError: null });
    assert.match(deviceId ?? "", /^[0-9a-f]{64}$/);
    assert.ok(connectedAt);
    assert.deepEqual(await probe.adapter.list(new AbortController().signal), [
      { id: "main", default: true },
      { id: "coder", default: false },
      { id: "reader", default: false },
    ]);
    assert.deepEqual(probe.adapter.reachability(target()), { status: "online" });
  } finally {
    await probe.close();
  }
});

test("an agent the gateway does not have is a refusal with the gateway's reason", async () => {
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    const sent = payload("nobody", [{ say: "never" }]);
    const outcome = await probe.adapter.dispatch(target("nobody"), sent, probe.context(sent.dispatchId));
    assert.equal(outcome.kind, "rejected");
    assert.match(outcome.kind === "rejected" ? outcome.reason : "", /unknown agent id "nobody"/);
  } finally {
    await probe.close();
  }
});

test("a turn whose model call fails ends failed, once, with the reason", async () => {
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    const sent = payload("fails", [{ fail: 400 }]);
    await probe.handOver(sent);
    const end = await probe.end(sent.dispatchId);
    assert.equal(end.kind === "ended" && end.outcome, "failed");
    assert.match(end.kind === "ended" ? end.text : "", /LLM request failed/);
    assert.equal(probe.ends(sent.dispatchId).length, 1);
  } finally {
    await probe.close();
  }
});

test("a cancelled run ends cancelled, once, and cancelling it again changes nothing", async () => {
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    const sent = payload("cancelled", [{ hold: "cancelled" }, { say: "never" }]);
    await probe.handOver(sent);
    await model.held("cancelled");
    const ref = { dispatchId: sent.dispatchId, taskId: sent.task.id };
    const { signal } = new AbortController();
    await probe.adapter.cancel(target(), ref, signal);
    const end = await probe.end(sent.dispatchId);
    assert.equal(end.kind === "ended" && end.outcome, "cancelled");
    await probe.adapter.cancel(target(), ref, signal);
    assert.equal(probe.ends(sent.dispatchId).length, 1);
  } finally {
    await probe.close();
  }
});

test("a turn whose confirmation is lost with the connection runs once", async () => {
  const proxy = await CuttingProxy.listen(gateway.port);
  const probe = new AdapterProbe({ url: proxy.url, token: gateway.token });
  try {
    await probe.state("connected");
    const sent = payload("unconfirmed", [{ hold: "unconfirmed" }, { say: "Once." }]);
    proxy.loseAnswers();
    const outcome = probe.adapter.dispatch(target(), sent, probe.context(sent.dispatchId));
    await model.held("unconfirmed");
    proxy.cut();
    assert.deepEqual(await outcome, { kind: "accepted" });
    model.release("unconfirmed");
    const end = await probe.end(sent.dispatchId);
    assert.equal(end.kind === "ended" && end.text, "Once.");
    assert.equal(model.timesTaken("unconfirmed", 0), 1);
  } finally {
    await probe.close();
    await proxy.close();
  }
});

test("a connection cut at the moment of sending leaves one run, whichever side of it the cut falls", async () => {
  const proxy = await CuttingProxy.listen(gateway.port);
  const probe = new AdapterProbe({ url: proxy.url, token: gateway.token });
  try {
    for (const turns of [0, 1, 2, 4, 8]) {
      await probe.state("connected");
      const key = `cut-${turns}`;
      const sent = payload(key, [{ say: "Once." }]);
      const outcome = probe.adapter.dispatch(target(), sent, probe.context(sent.dispatchId));
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      proxy.cut();
      assert.deepEqual(await outcome, { kind: "accepted" });
      const end = await probe.end(sent.dispatchId);
      assert.equal(end.kind === "ended" && end.text, "Once.");
      assert.equal(model.timesTaken(key, 0), 1, key);
    }
  } finally {
    await probe.close();
    await proxy.close();
  }
});

test("a run whose connection is cut goes on and its end is told once", async () => {
  const proxy = await CuttingProxy.listen(gateway.port);
  const probe = new AdapterProbe({ url: proxy.url, token: gateway.token });
  try {
    const sent = payload("cut-midway", [{ hold: "cut-midway" }, { exec: "echo on" }, { say: "Went on." }]);
    await probe.handOver(sent);
    await model.held("cut-midway");
    proxy.cut();
    model.release("cut-midway");
    const end = await probe.end(sent.dispatchId);
    assert.equal(end.kind === "ended" && end.text, "Went on.");
    assert.equal(model.timesTaken("cut-midway", 1), 1);
    assert.equal(probe.ends(sent.dispatchId).length, 1);
  } finally {
    await probe.close();
    await proxy.close();
  }
});

for (const accepted of [false, true]) {
  test(`a new process takes up a run it ${accepted ? "knows" : "does not know"} to be confirmed`, async () => {
    const key = `taken-up-${accepted}`;
    const sent = payload(key, [{ hold: key }, { say: "Seen through." }]);
    const first = new AdapterProbe({ url: gateway.url, token: gateway.token });
    await first.handOver(sent);
    await model.held(key);
    const note = first.notes.get(sent.dispatchId) ?? null;
    await first.close();
    const second = new AdapterProbe({ url: gateway.url, token: gateway.token });
    try {
      const context = second.context(sent.dispatchId);
      const outcome = await second.adapter.resume(target(), sent, { accepted, note }, context);
      assert.deepEqual(outcome, { kind: "accepted" });
      model.release(key);
      const end = await second.end(sent.dispatchId);
      assert.equal(end.kind === "ended" && end.text, "Seen through.");
      assert.equal(model.timesTaken(key, 0), 1);
    } finally {
      await second.close();
    }
  });
}

test("a new process finds a run that ended meanwhile, and does not run it again", async () => {
  const sent = payload("ended-away", [{ say: "Long over." }]);
  const first = new AdapterProbe({ url: gateway.url, token: gateway.token });
  await first.handOver(sent);
  await first.end(sent.dispatchId);
  const note = first.notes.get(sent.dispatchId) ?? null;
  await first.close();
  const second = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    const context = second.context(sent.dispatchId);
    await second.adapter.resume(target(), sent, { accepted: false, note }, context);
    const end = await second.end(sent.dispatchId);
    assert.equal(end.kind === "ended" && end.text, "Long over.");
    assert.equal(model.timesTaken("ended-away", 0), 1);
  } finally {
    await second.close();
  }
});

test("a permission answer is the agent's next turn, and that one's end the end of the dispatch", async () => {
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    const sent = payload("asks", [{ hold: "asks" }, { say: "Asked." }]);
    await probe.handOver(sent);
    await model.held("asks");
    const answer = { requestId: "req_1", optionId: "allow" };
    await probe.adapter.answerPermission(target(), sent, answer, probe.context(sent.dispatchId));
    // A second delivery of the same answer is no second turn.
    await probe.adapter.answerPermission(target(), sent, answer, probe.context(sent.dispatchId));
    model.release("asks");
    const end = await probe.end(sent.dispatchId);
    await model.told("permission request req_1: allow");
    assert.equal(probe.ends(sent.dispatchId).length, 1, "the end of its last turn is the end");
    assert.deepEqual(end.kind === "ended" && [end.outcome, end.usage], [
      "completed",
      { inputTokens: 240, outputTokens: 14 },
    ]);
    assert.equal(model.timesTaken("asks", 1), 2, "the stub says the same in both turns");
  } finally {
    await probe.close();
  }
});

test("an answer after the agent ended its turn wakes it again, also in another process", async () => {
  const sent = payload("waits", [{ say: "I asked, and wait." }]);
  const first = new AdapterProbe({ url: gateway.url, token: gateway.token });
  await first.handOver(sent);
  await first.end(sent.dispatchId);
  await first.close();
  const second = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    const answer = { requestId: "req_2", optionId: "deny" };
    await second.adapter.answerPermission(target(), sent, answer, second.context(sent.dispatchId));
    await second.event(({ kind, dispatchId }) => kind === "continued" && dispatchId === sent.dispatchId);
    const note = second.notes.get(sent.dispatchId) ?? null;
    assert.deepEqual(note?.answer, answer);
    const end = await second.end(sent.dispatchId);
    assert.equal(end.kind === "ended" && end.outcome, "completed");
    await model.told("permission request req_2: deny");
    // Taken up once more, as after a crash at this point: the turn is found, and is not run again.
    const third = new AdapterProbe({ url: gateway.url, token: gateway.token });
    const taken = { accepted: true, note };
    await third.adapter.resume(target(), sent, taken, third.context(sent.dispatchId));
    await third.end(sent.dispatchId);
    await third.close();
    assert.equal(model.timesTaken("waits", 0), 2);
  } finally {
    await second.close();
  }
});

test("what a run says is told whole, before its tools and at its end, with what it used", async () => {
  const long = `${"long ".repeat(2000)}end`;
  const steps = [{ exec: "echo hi", saying: "First I look." }, { say: long }];
  const proxy = await CuttingProxy.listen(gateway.port);
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  const cutOff = new AdapterProbe({ url: proxy.url, token: gateway.token });
  try {
    const sent = payload("whole", steps);
    await probe.handOver(sent);
    const end = await probe.end(sent.dispatchId);
    const usage = { inputTokens: 240, outputTokens: 14 };
    assert.deepEqual(end.kind === "ended" && [end.text, end.usage], [long, usage]);
    assert.ok(probe.messages(sent.dispatchId).includes("First I look."));
    // The same where the connection that is told at the end is gone.
    const lost = payload("whole-lost", [{ hold: "whole-lost" }, ...steps]);
    await cutOff.handOver(lost);
    await model.held("whole-lost");
    proxy.cut();
    await cutOff.state("disconnected");
    model.release("whole-lost");
    const endOfLost = await cutOff.end(lost.dispatchId);
    assert.deepEqual(endOfLost.kind === "ended" && [endOfLost.text, endOfLost.usage], [long, usage]);
  } finally {
    await probe.close();
    await cutOff.close();
    await proxy.close();
  }
});

test("a run that somebody interrupts goes on under another id, and its end is told then", async () => {
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  const { connection } = await connectToGateway(
    { url: gateway.url, token: gateway.token, clientVersion: "0", onEvent() {}, onGap() {} },
    AbortSignal.timeout(20_000),
  );
  try {
    const sent = payload("interrupted", [{ exec: "sleep 30" }, { say: "Went on." }]);
    await probe.handOver(sent);
    await probe.event(({ kind, dispatchId, ...event }) => {
      return dispatchId === sent.dispatchId && "message" in event && event.message === "exec: sleep 30";
    });
    await connection.request("chat.send", {
      sessionKey: `agent:coder:mission-control:${sent.task.id}`.toLowerCase(),
      message: "Somebody else says something.",
      idempotencyKey: "somebody-else",
      deliver: false,
      queueMode: "interrupt",
    });
    const end = await probe.end(sent.dispatchId);
    assert.deepEqual(end.kind === "ended" && [end.outcome, end.text], ["completed", "Went on."]);
    assert.ok(probe.messages(sent.dispatchId).includes("The run was interrupted and goes on"));
    assert.equal(model.timesTaken("interrupted", 0), 1);
    assert.equal(probe.ends(sent.dispatchId).length, 1);
  } finally {
    await connection.close();
    await probe.close();
  }
});

test("an agent's id is used without spaces around it", async () => {
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    const sent = payload("spaces", [{ say: "Here." }]);
    const outcome = await probe.adapter.dispatch(target(" coder "), sent, probe.context(sent.dispatchId));
    assert.deepEqual(outcome, { kind: "accepted" });
    await probe.end(sent.dispatchId);
  } finally {
    await probe.close();
  }
});

test("a task larger than the gateway takes is refused with both sizes, and the connection stays", async () => {
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    const sent = payload("large", [{ say: "Never." }]);
    sent.task.description = "x".repeat(33 * 1024 * 1024);
    const outcome = await probe.adapter.dispatch(target(), sent, probe.context(sent.dispatchId));
    assert.match(
      outcome.kind === "rejected" ? outcome.reason : "",
      /too large.*33\.0 MiB.*at most 25\.0 MiB/,
    );
    assert.equal(probe.adapter.state().state, "connected");
  } finally {
    await probe.close();
  }
});

test("a wrong token is said in words", async () => {
  const probe = new AdapterProbe({ url: gateway.url, token: "wrong" });
  try {
    await probe.state("disconnected");
    assert.match(probe.adapter.state().lastError ?? "", /refused the token/);
  } finally {
    await probe.close();
  }
});
