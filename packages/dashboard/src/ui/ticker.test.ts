import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Ticker } from "./ticker.ts";

class Page extends EventTarget {
  visibilityState = "visible";
  show(state: "visible" | "hidden"): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

let page: Page;
let ticker: Ticker;
let told: number;
beforeEach(() => {
  mock.timers.enable({ apis: ["setInterval", "Date"], now: 1_000_000 });
  page = new Page();
  Object.defineProperty(globalThis, "document", { value: page, configurable: true });
  ticker = new Ticker();
  told = 0;
});
afterEach(() => {
  Reflect.deleteProperty(globalThis, "document");
  mock.timers.reset();
});
const listen = () => ticker.subscribe(() => told++);

test("the time stands still between two ticks, so that all that is drawn at once says the same", () => {
  const stop = listen();
  mock.timers.tick(999);
  assert.deepEqual([ticker.now(), told], [1_000_000, 0]);
  mock.timers.tick(1);
  assert.deepEqual([ticker.now(), told], [1_001_000, 1]);
  stop();
});

test("a hidden page does not tick, and is told the time as soon as somebody looks again", () => {
  const stop = listen();
  page.show("hidden");
  mock.timers.tick(60_000);
  assert.equal(told, 0);
  page.show("visible");
  assert.deepEqual([ticker.now(), told], [1_060_000, 1]);
  stop();
});

test("it ticks once for all, for as long as anybody listens", () => {
  const stops = [listen(), listen()];
  mock.timers.tick(1_000);
  assert.equal(told, 2);
  stops[0]?.();
  mock.timers.tick(1_000);
  assert.equal(told, 3);
  stops[1]?.();
  mock.timers.tick(5_000);
  page.show("visible");
  assert.equal(told, 3);
});

test("whoever comes after a pause does not see the time of before", () => {
  listen()();
  mock.timers.tick(3_600_000);
  const stop = listen();
  assert.equal(ticker.now(), 4_600_000);
  stop();
});
