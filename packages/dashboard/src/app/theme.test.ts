import assert from "node:assert/strict";
import { after, test } from "node:test";
import { becomePage } from "../../test/support/page-globals.ts";

const page = becomePage("http://127.0.0.1/");
const system = Object.assign(new EventTarget(), { matches: false });
const root = { dataset: {} as Record<string, string> };
Object.defineProperty(globalThis, "document", { value: { documentElement: root }, configurable: true });
Object.assign(globalThis, { matchMedia: () => system, window: new EventTarget() });
after(() => {
  page.restore();
  for (const name of ["document", "matchMedia", "window"]) Reflect.deleteProperty(globalThis, name);
});
const { theme } = await import("./theme.ts");

function systemTurns(dark: boolean): void {
  system.matches = dark;
  system.dispatchEvent(new Event("change"));
}

test("the theme is the system's, also when that changes, until somebody chooses one", () => {
  theme.apply();
  assert.equal(root.dataset.theme, "light");
  systemTurns(true);
  assert.equal(root.dataset.theme, "dark");
  theme.choose("light");
  assert.equal(root.dataset.theme, "light");
  systemTurns(false);
  systemTurns(true);
  assert.equal(root.dataset.theme, "light");
  theme.choose("system");
  assert.equal(root.dataset.theme, "dark");
});
