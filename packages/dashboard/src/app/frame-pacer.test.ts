import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { FramePacer } from "./frame-pacer.ts";

let frames: (() => void)[];
let now: number;
let painted: number;
let told: number;
let pacer: FramePacer;
const real = performance.now;

beforeEach(() => {
  frames = [];
  now = 1_000;
  painted = 0;
  told = 0;
  mock.timers.enable({ apis: ["setTimeout"] });
  performance.now = () => now;
  Object.assign(globalThis, { requestAnimationFrame: (frame: () => void) => frames.push(frame) });
  pacer = new FramePacer(() => painted++);
  pacer.subscribe(() => told++);
});
afterEach(() => {
  performance.now = real;
  mock.timers.reset();
  Reflect.deleteProperty(globalThis, "requestAnimationFrame");
});

/** The browser draws. */
function draw(after = 16): void {
  now += after;
  mock.timers.tick(after);
  for (const frame of frames.splice(0)) frame();
  mock.timers.tick(0);
}

test("many changes are told once, with the next frame, and painted once", () => {
  for (let count = 0; count < 5; count++) pacer.request(1);
  assert.equal(told, 0);
  draw();
  assert.deepEqual([told, pacer.version, painted], [1, 1, 1]);
  draw();
  assert.equal(told, 1, "Without a change there is nothing to tell.");
});

test("a hidden tab, which draws no frames, is told nothing until it comes back, and then once", () => {
  for (let count = 0; count < 100; count++) pacer.request(50);
  mock.timers.tick(60_000);
  assert.equal(told, 0);
  draw();
  assert.equal(told, 1);
});

test("a flood is told ten times a second, a trickle with every frame", () => {
  for (let frame = 0; frame < 60; frame++) {
    pacer.request(15);
    draw();
  }
  assert.ok(told >= 9 && told <= 12, `${told} times in a second of a flood`);
  draw(1_000);
  draw(1_000);
  told = 0;
  for (let frame = 0; frame < 10; frame++) {
    pacer.request(1);
    draw();
  }
  assert.equal(told, 10);
});

test("who has gone is told nothing", () => {
  const gone = pacer.subscribe(() => assert.fail("it has gone"));
  gone();
  pacer.request();
  draw();
  assert.equal(told, 1);
});
