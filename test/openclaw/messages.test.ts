import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AdapterProbe, payload, target } from "./adapter-probe.ts";
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

test("a message to a run under way is in the model's next request after it, and the end is told once", async () => {
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    const sent = payload("talked-to", [{ hold: "talked-to" }, { say: "Done." }]);
    await probe.handOver(sent);
    await model.held("talked-to");
    const message = { id: "m1", text: "MIND-THE-TESTS", mode: "steer" } as const;
    const send = () => probe.adapter.sendMessage(target(), sent, message, probe.context(sent.dispatchId));
    assert.equal((await send()).state, "delivered");
    // As after a crash before its delivery was written.
    assert.equal((await send()).state, "delivered");
    const takenUp = () => probe.events.filter(({ kind }) => kind === "message_taken_up").length;
    assert.equal(takenUp(), 0, "the agent is still at its first turn");
    model.release("talked-to");
    await model.told("MIND-THE-TESTS");
    const end = await probe.end(sent.dispatchId);
    assert.equal(end.kind === "ended" && end.outcome, "completed");
    assert.equal(takenUp(), 1);
    assert.equal(model.timesTaken("talked-to", 1), 2, "one turn for the task, one for the message");
    assert.equal(probe.ends(sent.dispatchId).length, 1);
  } finally {
    await probe.close();
  }
});

test("a message that interrupts stops the tool under way, and the agent goes on with it, reporting as before", async () => {
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    const sent = payload("interrupted-by-us", [{ exec: "sleep 120" }, { say: "Went on." }]);
    await probe.handOver(sent);
    await probe.event(
      (event) =>
        event.dispatchId === sent.dispatchId && "message" in event && event.message === "exec: sleep 120",
    );
    const message = { id: "m1", text: "STOP-AND-LOOK", mode: "interrupt" } as const;
    const { signal } = new AbortController();
    const outcome = await probe.adapter.sendMessage(
      target(),
      sent,
      message,
      probe.context(sent.dispatchId, signal),
    );
    assert.deepEqual(outcome, { state: "delivered" });
    await model.told("STOP-AND-LOOK");
    const end = await probe.end(sent.dispatchId);
    assert.deepEqual(end.kind === "ended" && [end.outcome, end.text], ["completed", "Went on."]);
    assert.equal(probe.ends(sent.dispatchId).length, 1);
    assert.ok(probe.events.some(({ kind }) => kind === "message_taken_up"));
    assert.equal(model.requests.at(-1)?.system.includes("MISSION_CONTROL_CALLBACK_URL"), true);
  } finally {
    await probe.close();
  }
});

test("a message that waits behind a run when its gateway is killed runs once, after that run was taken up", async () => {
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    const sent = payload("killed-under", [{ hold: "killed-under" }, { exec: "echo on" }, { say: "Done." }]);
    await probe.handOver(sent);
    await model.held("killed-under");
    const message = { id: "m1", text: "AFTER-THE-KILL", mode: "next" } as const;
    const send = () => probe.adapter.sendMessage(target(), sent, message, probe.context(sent.dispatchId));
    assert.equal((await send()).state, "delivered");
    await gateway.kill();
    await probe.state("disconnected");
    model.release("killed-under");
    await gateway.start();
    const end = await probe.end(sent.dispatchId);
    assert.deepEqual(end.kind === "ended" && [end.outcome, end.text], ["completed", "Done."]);
    await model.told("AFTER-THE-KILL");
    assert.equal(probe.events.filter(({ kind }) => kind === "message_taken_up").length, 1);
    assert.equal(probe.ends(sent.dispatchId).length, 1);
    assert.equal(
      model.timesTaken("killed-under", 2),
      2,
      "one for the run that was taken up, one for the message",
    );
  } finally {
    await probe.close();
  }
});
