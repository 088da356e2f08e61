import assert from "node:assert/strict";
import { after, before, test } from "node:test";
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
    const steps = [{ exec: "env {{ENV}} sh -c 'echo to-stderr >&2; exit 3'" }, { say: "All done." }];
    const sent = payload("tells", steps);
    assert.deepEqual(await probe.adapter.dispatch(target(), sent, probe.context(sent.dispatchId)), {
      kind: "accepted",
    });
    const end = await probe.end(sent.dispatchId);
    assert.equal(end.kind === "ended" && end.outcome, "completed");
    assert.equal(end.kind === "ended" && end.text, "All done.");
    const messages = probe.messages(sent.dispatchId);
    assert.equal(messages[0], "The agent's run has started");
    assert.match(messages[1] ?? "", /^exec: env .*exit 3/);
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
    assert.deepEqual(await probe.adapter.agents(new AbortController().signal), [
      { id: "main", default: true },
      { id: "coder", default: false },
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
    await probe.adapter.dispatch(target(), sent, probe.context(sent.dispatchId));
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
    await probe.adapter.dispatch(target(), sent, probe.context(sent.dispatchId));
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
    await probe.adapter.dispatch(target(), sent, probe.context(sent.dispatchId));
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
    await first.adapter.dispatch(target(), sent, first.context(sent.dispatchId));
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
  await first.adapter.dispatch(target(), sent, first.context(sent.dispatchId));
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

test("a permission answer reaches the agent in the session of its task", async () => {
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    const sent = payload("asks", [{ hold: "asks" }, { say: "Asked." }]);
    await probe.adapter.dispatch(target(), sent, probe.context(sent.dispatchId));
    await model.held("asks");
    const ref = { dispatchId: sent.dispatchId, taskId: sent.task.id };
    const answer = { requestId: "req_1", optionId: "allow" };
    await probe.adapter.answerPermission(target(), ref, answer, new AbortController().signal);
    model.release("asks");
    await probe.end(sent.dispatchId);
    await model.told("permission request req_1: allow");
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
