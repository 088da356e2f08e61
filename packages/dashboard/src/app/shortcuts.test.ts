import assert from "node:assert/strict";
import { test } from "node:test";
import { english } from "../text/english.ts";
import { PAGES } from "./pages.ts";
import { GO_KEYS, isPageKey } from "./shortcuts.ts";

/** A key press on something that stands in an element such as `input`; none for the page's body. */
function press(fields: Partial<KeyboardEvent> = {}, inside: string | null = null): KeyboardEvent {
  const target = { closest: (selector: string) => (inside && selector.includes(inside) ? {} : null) };
  return {
    defaultPrevented: false,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    target,
    ...fields,
  } as never;
}

test("a key is the page's only where nobody types, chooses or answers with it", () => {
  assert.ok(isPageKey(press()));
  for (const inside of [
    "input",
    "textarea",
    "select",
    "[contenteditable]",
    "[role='dialog']",
    "[role='menu']",
  ]) {
    assert.ok(!isPageKey(press({}, inside)), inside);
  }
  assert.ok(isPageKey(press({ target: null })));
});

test("what the browser or another part has a use for is left alone", () => {
  for (const name of ["ctrlKey", "metaKey", "altKey", "defaultPrevented"]) {
    assert.ok(!isPageKey(press({ [name]: true })), name);
  }
});

test("every page has a key of its own, and the sheet says which", () => {
  const pages: string[] = PAGES.map(({ to }) => to);
  assert.deepEqual(Object.values(GO_KEYS).sort(), pages.sort());
  const keys = english.shortcuts.groups[0]?.keys ?? [];
  for (const [key, to] of Object.entries(GO_KEYS)) {
    const page = PAGES.find((one) => one.to === to);
    assert.ok(
      keys.some(([combination, what]) => combination === `g ${key}` && what === page?.label),
      `g ${key}`,
    );
  }
});
