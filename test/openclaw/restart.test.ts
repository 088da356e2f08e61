import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AdapterProbe, dispatchIdOf, payload, target } from "./adapter-probe.ts";
import { CuttingProxy } from "./cutting-proxy.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { StubModel } from "./stub-model.ts";

const model = new StubModel();
let gateway: GatewayProcess;
let probe: AdapterProbe;

before(async () => {
  gateway = await GatewayProcess.start(await model.listen());
  probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  const warm = payload("warm", [{ say: "Warm." }]);
  await probe.handOver(warm);
  await probe.end(warm.dispatchId);
});

after(async () => {
  await probe?.close();
  await gateway?.close();
  await model.close();
});

test("a gateway killed in the middle of a run takes it up, and its end is told once", async () => {
  const sent = payload("midway", [
    { exec: "echo first" },
    { hold: "midway" },
    { exec: "echo second" },
    { say: "Both." },
  ]);
  await probe.handOver(sent);
  await model.held("midway");
  await gateway.kill();
  await probe.state("disconnected");
  model.release("midway");
  await gateway.start();
  const end = await probe.end(sent.dispatchId);
  assert.deepEqual(end.kind === "ended" && [end.outcome, end.text], ["completed", "Both."]);
  assert.equal(model.turnsStarted("midway"), 1);
  assert.equal(model.timesTaken("midway", 3), 1);
  assert.equal(probe.ends(sent.dispatchId).length, 1);
  assert.ok(probe.messages(sent.dispatchId).includes("The gateway restarted and has taken the run up again"));
});

test("a turn the gateway confirmed and died before it began runs once", async () => {
  const sent = payload("not-begun", [{ exec: "echo once" }, { say: "Run after all." }]);
  await probe.handOver(sent);
  await gateway.kill();
  assert.equal(model.timesTaken("not-begun", 0), 0, "killed before the model saw it");
  await gateway.start();
  const end = await probe.end(sent.dispatchId);
  assert.deepEqual(end.kind === "ended" && [end.outcome, end.text], ["completed", "Run after all."]);
  assert.equal(model.timesTaken("not-begun", 0), 1);
  assert.equal(probe.ends(sent.dispatchId).length, 1);
});

test("turns sent while the gateway is killed run once each, confirmed or not", async () => {
  await probe.state("connected");
  const keys = Array.from({ length: 8 }, (_, index) => `killed-${index}`);
  const outcomes = keys.map((key) => {
    const sent = payload(key, [{ exec: "echo once" }, { say: "Once." }]);
    return probe.adapter.dispatch(target(), sent, probe.context(sent.dispatchId));
  });
  await outcomes[0];
  await gateway.kill();
  await gateway.start();
  for (const outcome of outcomes) assert.deepEqual(await outcome, { kind: "accepted" });
  for (const key of keys) {
    const end = await probe.end(dispatchIdOf(key));
    assert.equal(end.kind === "ended" && end.text, "Once.", key);
    assert.equal(model.timesTaken(key, 0), 1, key);
    assert.equal(probe.ends(dispatchIdOf(key)).length, 1, key);
  }
});

test("an unconfirmed run that ended before its gateway restarted is not run again", async () => {
  const proxy = await CuttingProxy.listen(gateway.port);
  const away = new AdapterProbe({ url: proxy.url, token: gateway.token });
  const second = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    await away.state("connected");
    proxy.loseAnswers();
    const sent = payload("before-restart", [{ say: "Ended before." }, { say: "Again." }]);
    const context = away.context(sent.dispatchId);
    const lost = away.adapter.dispatch(target(), sent, context);
    lost.catch(() => {});
    await model.taken("before-restart", 0);
    // A second watcher tells when it is over on the gateway.
    const note = away.notes.get(sent.dispatchId) ?? null;
    await second.adapter.resume(target(), sent, { accepted: true, note }, second.context(sent.dispatchId));
    await second.end(sent.dispatchId);
    await away.close();
    await gateway.kill();
    await gateway.start();
    const third = new AdapterProbe({ url: gateway.url, token: gateway.token });
    try {
      const taken = await third.adapter.resume(
        target(),
        sent,
        { accepted: false, note },
        third.context(sent.dispatchId),
      );
      assert.deepEqual(taken, { kind: "accepted" });
      const end = await third.end(sent.dispatchId);
      assert.equal(end.kind === "ended" && end.text, "Ended before.");
      assert.equal(model.timesTaken("before-restart", 0), 1);
      assert.equal(model.timesTaken("before-restart", 1), 0);
    } finally {
      await third.close();
    }
  } finally {
    await away.close();
    await second.close();
    await proxy.close();
  }
});

test("a run cancelled while its gateway is down is stopped when the gateway takes it up", async () => {
  const sent = payload("stopped-later", [{ hold: "stopped-later" }, { hold: "never" }, { say: "Never." }]);
  await probe.handOver(sent);
  await model.held("stopped-later");
  await gateway.kill();
  const ref = { dispatchId: sent.dispatchId, taskId: sent.task.id };
  const hurried = AbortSignal.timeout(200);
  await assert.rejects(probe.adapter.cancel(target(), ref, hurried));
  await gateway.start();
  const end = await probe.end(sent.dispatchId);
  assert.equal(end.kind === "ended" && end.outcome, "cancelled");
  assert.equal(model.timesTaken("stopped-later", 2), 0);
  model.release("stopped-later");
  model.release("never");
});

test("a gateway that stops in its own way lets the run end and refuses the next until it is back", async () => {
  const sent = payload("drained", [{ hold: "drained" }, { say: "Ended in time." }]);
  await probe.handOver(sent);
  await model.held("drained");
  const stopped = gateway.stop();
  await gateway.printed(/draining|drain/i);
  const next = payload("next", [{ say: "Next." }]);
  const outcome = probe.adapter.dispatch(target(), next, probe.context(next.dispatchId));
  model.release("drained");
  const end = await probe.end(sent.dispatchId);
  assert.equal(end.kind === "ended" && end.text, "Ended in time.");
  const { kind } = await outcome;
  assert.ok(kind === "unreachable" || kind === "accepted", kind);
  await stopped;
  await gateway.start();
  await probe.state("connected");
  const runs = model.timesTaken("next", 0);
  assert.equal(runs, 0, "what was said to be unreachable has not run");
});
