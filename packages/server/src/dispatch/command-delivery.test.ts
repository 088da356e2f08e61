import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { PendingCommand } from "../store/log-change.ts";
import type { CommandOutcome } from "./agent-commands.ts";
import { CommandDelivery } from "./command-delivery.ts";

type Deliver = (pending: PendingCommand, signal: AbortSignal) => Promise<void>;

/** A delivery whose agents are the test's. */
class Fixture {
  readonly logged: { fields: Record<string, unknown>; message: string }[] = [];
  readonly done: number[] = [];
  readonly outcomes: CommandOutcome[] = [];
  readonly told: string[] = [];
  deliver: Deliver = async () => {};
  underWay = 0;
  most = 0;
  readonly delivery: CommandDelivery;
  #id = 0;

  constructor(options: { firstPauseMs?: number; giveUpAfterMs?: number } = {}) {
    const note = (fields: object, message: string) => {
      this.logged.push({ fields: fields as Record<string, unknown>, message });
    };
    this.delivery = new CommandDelivery({
      settle: async ({ id }, outcome) => {
        this.done.push(id);
        this.outcomes.push(outcome);
      },
      logger: { debug: note, info: note, warn: note, error: note },
      deliver: async (pending, signal) => {
        const { agentId, dispatchId, command } = pending;
        this.most = Math.max(this.most, ++this.underWay);
        try {
          await nextTurn();
          await this.deliver(pending, signal);
          this.told.push(`${agentId} ${dispatchId} ${command.kind}`);
          return { kind: "done" };
        } finally {
          this.underWay--;
        }
      },
      firstPauseMs: 1,
      ...options,
    });
  }

  command(agentId: string, dispatchId: string, kind: "cancel" | "permission" = "cancel"): PendingCommand {
    const command = kind === "cancel" ? { kind } : { kind, requestId: "r", optionId: "o" };
    return { id: ++this.#id, agentId, dispatchId, taskId: "t", command };
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await nextTurn();
  }
}

test("thousands of commands for an agent that is away cost a few requests and a line of log a round", async () => {
  const fixture = new Fixture();
  let tries = 0;
  fixture.deliver = async () => {
    tries++;
    throw new Error("connection refused");
  };
  for (let index = 0; index < 4000; index++) fixture.delivery.deliver(fixture.command("a", `d${index}`));
  await fixture.until(() => fixture.logged.length >= 3);
  assert.ok(fixture.most <= 4, `${fixture.most} requests at a time`);
  assert.ok(tries <= 8 * (fixture.logged.length + 1), `${tries} tries in ${fixture.logged.length} rounds`);
  const { fields } = fixture.logged[0] ?? assert.fail();
  assert.deepEqual(fields, { agentId: "a", dispatches: 4000, reason: "connection refused" });
  fixture.deliver = async () => {};
  await fixture.until(() => fixture.done.length === 4000);
  assert.equal(new Set(fixture.told).size, 4000, "each was told");
  assert.equal(fixture.told.length, 4000, "once");
  await fixture.delivery.close();
});

test("the commands of one dispatch keep their order, also when the first has to be tried again", async () => {
  const fixture = new Fixture();
  let failures = 2;
  fixture.deliver = async () => {
    if (failures-- > 0) throw new Error("not now");
  };
  fixture.delivery.deliver(fixture.command("a", "d", "permission"));
  fixture.delivery.deliver(fixture.command("a", "d", "cancel"));
  await fixture.until(() => fixture.done.length === 2);
  assert.deepEqual(fixture.told, ["a d permission", "a d cancel"]);
  assert.deepEqual(fixture.done, [1, 2]);
});

test("commands that are refused for ever hold up neither the agent's others nor another agent's", async () => {
  const fixture = new Fixture();
  fixture.deliver = async ({ dispatchId }) => {
    if (dispatchId.startsWith("bad")) throw new Error("refused");
  };
  for (let index = 0; index < 10; index++) fixture.delivery.deliver(fixture.command("a", `bad${index}`));
  for (let index = 0; index < 20; index++) fixture.delivery.deliver(fixture.command("a", `good${index}`));
  fixture.delivery.deliver(fixture.command("b", "good"));
  await fixture.until(() => fixture.done.length === 21);
  await fixture.delivery.close();
});

test("a command waits for what it is about, and a new one does not wait for the pause of an old one", async () => {
  const fixture = new Fixture({ firstPauseMs: 3_600_000 });
  fixture.deliver = async ({ dispatchId }) => {
    if (dispatchId === "old") throw new Error("refused");
  };
  const ready = Promise.withResolvers<void>();
  fixture.delivery.deliver(fixture.command("a", "new"), ready.promise);
  fixture.delivery.deliver(fixture.command("a", "old"));
  await fixture.until(() => fixture.logged.length === 1);
  assert.deepEqual(fixture.told, []);
  ready.resolve();
  await fixture.until(() => fixture.done.length === 1);
  assert.deepEqual(fixture.told, ["a new cancel"]);
  await fixture.delivery.close();
});

test("what cannot be told for long enough is given up, in one line", async () => {
  const fixture = new Fixture({ giveUpAfterMs: 0 });
  fixture.deliver = async () => {
    throw new Error("gone");
  };
  for (let index = 0; index < 50; index++) fixture.delivery.deliver(fixture.command("a", `d${index}`));
  await fixture.until(() => fixture.done.length === 50);
  await fixture.until(() => fixture.logged.length > 0);
  assert.deepEqual(fixture.logged, [
    {
      fields: { agentId: "a", commands: 50, reason: "gone" },
      message: "gave up delivering commands to an agent",
    },
  ]);
  assert.deepEqual(fixture.outcomes, Array(50).fill({ kind: "refused", reason: "gone" }));
});

test("closing waits for no agent and leaves what is undelivered", async () => {
  const fixture = new Fixture();
  let hanging = 0;
  fixture.deliver = (_pending, signal) =>
    new Promise((_, reject) => {
      hanging++;
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  for (let index = 0; index < 9; index++) fixture.delivery.deliver(fixture.command("a", `d${index}`));
  await fixture.until(() => hanging === 4);
  await fixture.delivery.close();
  assert.deepEqual([fixture.done, fixture.logged], [[], []]);
});

test("closing waits for no agent that does not listen to the end either", async () => {
  const fixture = new Fixture();
  const told = Promise.withResolvers<void>();
  fixture.deliver = () => {
    told.resolve();
    return new Promise(() => {});
  };
  fixture.delivery.deliver(fixture.command("a", "d"));
  await told.promise;
  await fixture.delivery.close();
  assert.deepEqual(fixture.done, []);
});
