import assert from "node:assert/strict";
import { test } from "node:test";
import type { Artifact, Clock, Entry, ProgressOptions, Reporter } from "@mission-control/agent";
import { Narrator } from "./narrator.ts";

interface Told {
  message: string;
  entry?: Entry | undefined;
}

/** A narrator whose clock moves when the test says so; reports arrive at once, or when the test lets them. */
function stage(arrives: () => Promise<void> = async () => {}) {
  let now = 1000;
  const sleepers = new Set<{ until: number; wake: () => void }>();
  const clock: Clock = {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { until: now + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", () => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        });
      }),
  };
  const told: Told[] = [];
  const handedIn: Artifact[] = [];
  const reporter: Pick<Reporter, "progress" | "entry" | "artifact"> = {
    async artifact(artifact) {
      handedIn.push(artifact);
      return { outcome: "stored", id: "x", eventId: 1 };
    },
    async progress(message: string, options: ProgressOptions = {}) {
      told.push(structuredClone({ message, entry: options.entry }));
      await arrives();
      return { outcome: "stored", id: "x", eventId: 1 };
    },
    entry: (entry, options) => reporter.progress("", { ...options, entry }),
  };
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    narrator: new Narrator(reporter, clock),
    told,
    handedIn,
    settle,
    async pass(ms: number) {
      now += ms;
      for (const sleeper of sleepers) if (sleeper.until <= now) sleeper.wake();
      await settle();
    },
  };
}

const textOf = ({ entry }: Told) => (entry && "text" in entry ? entry.text : "");

test("a message that grows goes out at once, then once a second", async () => {
  const { narrator, told, settle, pass } = stage();
  for (const word of ["one ", "two ", "three "]) {
    narrator.take({ type: "text", text: word });
    await settle();
  }
  assert.deepEqual(told.map(textOf), ["one "]);
  await pass(1000);
  assert.deepEqual(told.map(textOf), ["one ", "one two three "]);
  assert.ok(told.every(({ message }) => message === ""));
});

test("a long one goes out less often, for it goes out whole each time", async () => {
  const { narrator, told, settle, pass } = stage();
  narrator.take({ type: "text", text: "x".repeat(16 * 1024) });
  await settle();
  narrator.take({ type: "text", text: "y" });
  await pass(3000);
  assert.equal(told.length, 1);
  await pass(1500);
  assert.equal(told.length, 2);
});

test("a tool call goes out when it begins and when it ends, after the message before it", async () => {
  const { narrator, told, settle } = stage();
  narrator.take({ type: "text", text: "Look: " });
  await settle();
  narrator.take({ type: "text", text: "here." });
  narrator.take({ type: "tool", id: "t", title: "ls", facts: { state: "running" } });
  await settle();
  narrator.take({ type: "tool", id: "t", facts: { state: "completed", output: "a" } });
  await settle();
  assert.deepEqual(
    told.map(({ message, entry }) => [entry?.id, message]),
    [
      ["message-1", ""],
      ["message-1", "Look: here."],
      ["tool-t", "ls"],
      ["tool-t", ""],
    ],
  );
});

test("an output that an entry has no room for is handed in whole, once its call has ended", async () => {
  const { narrator, handedIn, told, settle } = stage();
  const output = `${"é".repeat(17 * 1024)}\n`;
  narrator.take({ type: "tool", id: "t", title: "make", facts: { state: "running", output } });
  await settle();
  assert.deepEqual(handedIn, []);
  narrator.take({ type: "tool", id: "t", facts: { state: "completed", output } });
  narrator.take({ type: "tool", id: "u", title: "ls", facts: { state: "completed", output: "short" } });
  await settle();
  narrator.close();
  assert.deepEqual(handedIn, [{ name: "tool-t-output.txt", content: output }]);
  assert.deepEqual(
    told.map(({ entry }) => [entry?.id, entry?.kind === "tool" && entry.outputArtifact]),
    [
      ["tool-t", undefined],
      ["tool-t", "tool-t-output.txt"],
      ["tool-u", undefined],
    ],
  );
});

test("while one report is on its way, the others wait and become fewer", async () => {
  const arrived = Promise.withResolvers<void>();
  const { narrator, told, settle } = stage(() => arrived.promise);
  narrator.take({ type: "tool", id: "first", title: "first", facts: { state: "running" } });
  for (let i = 0; i < 1000; i++) {
    narrator.take({ type: "tool", id: `t${i}`, title: `step ${i}`, facts: { state: "running" } });
    narrator.take({ type: "tool", id: `t${i}`, facts: { state: "completed" } });
  }
  await settle();
  assert.equal(told.length, 1);
  arrived.resolve();
  await settle();
  narrator.close();
  assert.ok(told.length <= 302, `${told.length} reports`);
  const lines = told.map(({ message }) => message).join("\n");
  assert.match(lines, /step 0\n/);
  assert.match(lines, /… 70\d more …/);
  assert.match(lines, /step 999/);
});

test("at the end, all that waits goes out, and the last message without a line", async () => {
  const { narrator, told, settle } = stage();
  narrator.say("at work");
  await settle();
  narrator.take({ type: "thought", text: "Hm." });
  narrator.take({ type: "text", text: "Done." });
  narrator.close();
  await settle();
  assert.deepEqual(
    told.map((report) => [report.message, textOf(report)]),
    [
      ["at work", ""],
      ["", "Hm."],
      ["", "Done."],
    ],
  );
});
