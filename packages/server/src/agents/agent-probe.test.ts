import assert from "node:assert/strict";
import { test } from "node:test";
import { DispatchFixture } from "../../test/support/dispatch-fixture.ts";
import { AgentDouble } from "../../test/support/server-process.ts";
import { HttpGateway } from "../gateways/http/http-gateway.ts";
import { AgentProbe } from "./agent-probe.ts";

test("an agent that dies with work in hand is seen to be gone, and seen again when it is back", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const gateway = new HttpGateway();
  context.after(() => gateway.close());
  fixture.adapter = gateway;
  const agent = await AgentDouble.start();
  const agentId = await fixture.agent(1, agent.url);
  await fixture.dispatcher.dispatch(await fixture.task(), agentId);
  const status = () => fixture.agents.get(agentId)?.status;
  assert.equal(status(), "busy");
  const { agents } = fixture;
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const probe = new AgentProbe({
    agents,
    owns: () => true,
    adapterFor: () => gateway,
    logger,
    intervalMs: 5,
  });
  probe.start();
  context.after(() => probe.close());
  await fixture.until(() => agent.probes > 0);
  assert.equal(status(), "busy");
  const { port } = new URL(agent.url);
  await agent.close();
  await fixture.until(() => status() === "offline");
  assert.match(fixture.agents.get(agentId)?.statusReason ?? "", /nothing listens there/);
  const back = await AgentDouble.start(Number(port));
  context.after(() => back.close());
  await fixture.until(() => status() === "busy");
  const told = async () => {
    const { items } = await fixture.store.history(null, { types: ["agent"] }, 10);
    return items.map(({ data }) => data.status).filter((one) => one !== undefined);
  };
  await fixture.until(async () => (await told()).join() === "online,offline,online");
});

test("idle agents, and those that have just been heard of, are not asked", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const idle = await fixture.agent();
  const heard = await fixture.agent();
  const silent = await fixture.agent();
  const tasks = [await fixture.task(), await fixture.task()];
  await fixture.dispatcher.dispatch(tasks[0] as string, heard);
  await fixture.dispatcher.dispatch(tasks[1] as string, silent);
  await fixture.report(tasks[0] as string, "progress");
  const asked: string[] = [];
  const twice = Promise.withResolvers<void>();
  const adapter = Object.assign(Object.create(fixture.gateway), {
    probe: async ({ agentId }: { agentId: string }) => {
      asked.push(agentId);
      if (asked.length === 1) twice.resolve();
    },
  });
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const { agents } = fixture;
  const probe = new AgentProbe({
    agents,
    owns: () => true,
    adapterFor: () => adapter,
    logger,
    intervalMs: 500,
  });
  probe.start();
  await twice.promise;
  await probe.close();
  assert.ok(!asked.includes(idle));
  assert.ok(asked.includes(silent));
});

test("a clock that was set back keeps no agent from being asked", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  await fixture.dispatcher.dispatch(taskId, agentId);
  await fixture.report(taskId, "progress");
  const asked = Promise.withResolvers<void>();
  const adapter = Object.assign(Object.create(fixture.gateway), { probe: async () => asked.resolve() });
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const { agents } = fixture;
  const now = () => new Date(Date.now() - 3_600_000);
  const probe = new AgentProbe({
    agents,
    owns: () => true,
    adapterFor: () => adapter,
    logger,
    intervalMs: 100,
    now,
  });
  probe.start();
  context.after(() => probe.close());
  await asked.promise;
});

test("an agent that reports after it could not be reached counts as there", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent(2);
  const taskId = await fixture.task();
  await fixture.dispatcher.dispatch(taskId, agentId);
  fixture.gateway.state = { status: "unknown", reason: "No answer.", at: new Date(Date.now() - 1000) };
  const view = () => fixture.agents.get(agentId);
  assert.deepEqual([view()?.status, view()?.statusReason], ["unknown", "No answer."]);
  await fixture.report(taskId, "progress");
  assert.deepEqual([view()?.status, view()?.statusReason], ["online", undefined]);
});

test("a probe that never ends does not hold up the end", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  await fixture.dispatcher.dispatch(await fixture.task(), agentId);
  const asked = Promise.withResolvers<void>();
  const adapter = Object.assign(Object.create(fixture.gateway), {
    probe: () => {
      asked.resolve();
      return new Promise<void>(() => {});
    },
  });
  const { agents } = fixture;
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const probe = new AgentProbe({
    agents,
    owns: () => true,
    adapterFor: () => adapter,
    logger,
    intervalMs: 1,
  });
  probe.start();
  await asked.promise;
  await probe.close();
});
