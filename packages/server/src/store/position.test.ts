import assert from "node:assert/strict";
import { test } from "node:test";
import { BehindLogError, Position } from "./position.ts";

test("who waits for an event goes on when the view shows it, and not before", async () => {
  const position = new Position(3);
  await position.reached(null);
  await position.reached(3);
  const order: number[] = [];
  const waits = [5, 4, 6].map((eventId) => position.reached(eventId).then(() => order.push(eventId)));
  position.moveTo(4);
  await waits[1];
  assert.deepEqual(order, [4]);
  position.moveTo(9);
  await Promise.all(waits);
  assert.deepEqual(order.toSorted(), [4, 5, 6]);
});

test("the log is told while somebody waits, and when nobody does any more", async () => {
  const told: boolean[] = [];
  const position = new Position(0, (isUrgent) => told.push(isUrgent));
  await position.reached(0);
  assert.deepEqual(told, []);
  const waits = [position.reached(1), position.reached(2)];
  position.moveTo(1);
  await waits[0];
  assert.equal(told.at(-1), true);
  position.moveTo(2);
  await waits[1];
  assert.equal(told.at(-1), false);
});

test("nobody waits for ever for a view that does not move: who reads is told, who has written goes on", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const position = new Position(0);
  const reading = position.reached(1);
  const written = position.reachedInTime(1);
  context.mock.timers.tick(5000);
  await assert.rejects(reading, BehindLogError);
  assert.equal(await written, false);
  position.moveTo(1);
  assert.equal(await position.reachedInTime(1), true);
});
