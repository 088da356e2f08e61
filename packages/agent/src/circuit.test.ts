import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../test/fake-clock.ts";
import { Circuit } from "./circuit.ts";

const isDown = (result: string) => result === "down";

async function opened(clock: FakeClock): Promise<Circuit> {
  const circuit = new Circuit({ clock, random: () => 1 });
  for (let i = 0; i < 5; i++) await circuit.run(async () => "down", isDown);
  return circuit;
}

test("five failures in a row open the circuit, and the next one waits", async () => {
  const clock = new FakeClock();
  const circuit = await opened(clock);
  assert.ok(circuit.isOpen);
  assert.deepEqual(clock.sleeps, []);
  await circuit.run(async () => "up", isDown);
  assert.deepEqual(clock.sleeps, [5000]);
  assert.ok(!circuit.isOpen);
});

test("an answer in between closes the count", async () => {
  const circuit = new Circuit({ clock: new FakeClock() });
  for (const result of ["down", "down", "down", "down", "up", "down", "down", "down", "down"]) {
    await circuit.run(async () => result, isDown);
  }
  assert.ok(!circuit.isOpen);
});

test("while one probes, the others wait for its outcome", async () => {
  const clock = new FakeClock();
  const circuit = await opened(clock);
  clock.time += 5000;
  let release = (_result: string) => {};
  const probe = circuit.run(() => new Promise<string>((resolve) => (release = resolve)), isDown);
  let others = 0;
  const waiting = [1, 2, 3].map(() => circuit.run(async () => `${++others}`, isDown));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(others, 0);
  release("up");
  await probe;
  await Promise.all(waiting);
  assert.equal(others, 3);
});

test("a failed probe waits longer, and waiting can be given up", async () => {
  const clock = new FakeClock();
  const circuit = await opened(clock);
  await circuit.run(async () => "down", isDown);
  await circuit.run(async () => "down", isDown);
  await circuit.run(async () => "down", isDown);
  assert.deepEqual(clock.sleeps, [5_000, 30_000, 120_000]);
  await assert.rejects(
    circuit.run(async () => "up", isDown, AbortSignal.abort(new Error("enough"))),
    /enough/,
  );
});

test("a probe that throws leaves room for another", async () => {
  const clock = new FakeClock();
  const circuit = await opened(clock);
  await assert.rejects(
    circuit.run(() => Promise.reject<string>(new Error("aborted")), isDown),
    /aborted/,
  );
  await circuit.run(async () => "up", isDown);
  assert.ok(!circuit.isOpen);
});
