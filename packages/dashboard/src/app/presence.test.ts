import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { announcePresence, isLookedAt } from "./presence.ts";

class Page extends EventTarget {
  visibilityState = "visible";
  show(state: "visible" | "hidden"): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

let page: Page;
beforeEach(() => {
  page = new Page();
  Object.defineProperty(globalThis, "document", { value: page, configurable: true });
});
afterEach(() => Reflect.deleteProperty(globalThis, "document"));

/** Waits until another tab of the same browser, which is hidden itself, sees it so: locks are granted a moment later. */
async function seenFromElsewhere(expected: boolean): Promise<void> {
  const own = page.visibilityState;
  page.visibilityState = "hidden";
  while ((await isLookedAt()) !== expected) await setImmediate();
  page.visibilityState = own;
}

test("a page that is looked at says so to all tabs, and no longer when it is hidden or gone", async () => {
  const stop = announcePresence();
  await seenFromElsewhere(true);
  page.show("hidden");
  await seenFromElsewhere(false);
  page.show("visible");
  page.show("visible");
  await seenFromElsewhere(true);
  stop();
  await seenFromElsewhere(false);
  page.show("visible");
  await seenFromElsewhere(false);
});

test("two pages that are looked at are two: one that is hidden does not speak for the other", async () => {
  const stop = announcePresence();
  const stopOther = announcePresence();
  stop();
  await seenFromElsewhere(true);
  stopOther();
  await seenFromElsewhere(false);
});

test("whoever looks at this page looks, whatever the locks say", async () => {
  assert.equal(await isLookedAt(), true);
});
