import assert from "node:assert/strict";
import { test } from "node:test";
import { englishShortcuts } from "../text/english-shortcuts.ts";
import { PAGES } from "./pages.ts";
import { GO_KEYS, isPageKey, PageKeys } from "./shortcuts.ts";

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
  const keys = englishShortcuts.groups[0]?.keys ?? [];
  for (const [key, to] of Object.entries(GO_KEYS)) {
    const page = PAGES.find((one) => one.to === to);
    assert.ok(
      keys.some(([combination, what]) => combination === `g ${key}` && what === page?.label),
      `g ${key}`,
    );
  }
});

/** Presses keys one after the other, some milliseconds apart; what the last one asked for. */
function type(keys: readonly (string | Partial<KeyboardEvent>)[], apart = 100) {
  const page = new PageKeys();
  return keys.map((key, at) =>
    page.press(press(typeof key === "string" ? { key } : key), 10_000 + at * apart),
  );
}

test("two keys go to a page, in their order and soon after each other", () => {
  assert.deepEqual(type(["g", "b"]), [null, { go: "/board" }]);
  assert.deepEqual(type(["g", "g"]), [null, { go: "/agents" }]);
  assert.deepEqual(type(["b", "g"]), [null, null]);
  assert.deepEqual(type(["g", "b", "b"]).at(-1), null, "once");
  assert.deepEqual(type(["g", "b"], 1_499)[1], { go: "/board" });
  assert.deepEqual(type(["g", "b"], 1_500)[1], null, "too late");
  assert.deepEqual(type(["b"]), [null], "not by itself, however young the page is");
});

test("another key between is another thought; one that is only held down is none", () => {
  assert.deepEqual(type(["g", "j", "a"]).at(-1), null);
  assert.deepEqual(type(["g", "Escape", "a"]).at(-1), null);
  assert.deepEqual(type(["g", { key: "k", ctrlKey: true }, "a"]), [null, "palette", null]);
  assert.deepEqual(type(["g", "Shift", "a"]).at(-1), { go: "/" });
  assert.deepEqual(type(["g", { key: "g", repeat: true }]).at(-1), null, "held too long");
});

test("a name that every object has is no key of ours", () => {
  for (const key of ["constructor", "toString", "__proto__"]) assert.equal(type(["g", key]).at(-1), null);
});

test("the palette opens also where somebody types, on every keyboard; the rest waits until nobody does", () => {
  const inField = (fields: Partial<KeyboardEvent>) => new PageKeys().press(press(fields, "input"), 0);
  for (const fields of [
    { key: "k", ctrlKey: true },
    { key: "K", metaKey: true },
  ]) {
    assert.equal(inField(fields), "palette");
  }
  assert.equal(inField({ key: "k", ctrlKey: true, altKey: true }), null, "AltGr writes letters somewhere");
  for (const key of ["?", "c", "g", "k"]) assert.equal(inField({ key }), null, key);
  assert.deepEqual([...type(["?"]), ...type(["c"]), ...type(["C"])], ["shortcuts", "create", null]);
});
