import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { becomePage, type PageGlobals } from "../../test/support/page-globals.ts";
import { KeptChoice } from "./kept-choice.ts";

let page: PageGlobals;
let tabs: EventTarget;
let applied: string[];

beforeEach(() => {
  page = becomePage("http://127.0.0.1/");
  tabs = new EventTarget();
  applied = [];
  Object.defineProperty(globalThis, "window", { value: tabs, configurable: true });
});
afterEach(() => {
  page.restore();
  Reflect.deleteProperty(globalThis, "window");
});

const make = () =>
  new KeptChoice<"wide" | "narrow">({
    key: "width",
    values: ["wide", "narrow"],
    apply: (value) => applied.push(value),
  });

test("the first value holds until another one is chosen, which stays chosen", () => {
  const width = make();
  assert.equal(width.value, "wide");
  width.choose("narrow");
  assert.deepEqual([width.value, applied], ["narrow", ["narrow"]]);
  assert.equal(make().value, "narrow", "of a page that is opened later");
  width.choose("wide");
  assert.equal(page.storage.has("width"), false, "What holds anyway is not kept.");
});

test("a value that is not known, of another version say, is as none", () => {
  page.storage.set("width", "enormous");
  assert.equal(make().value, "wide");
});

test("what another tab chooses holds here, and those who draw by it are told", () => {
  const width = make();
  let told = 0;
  const stop = width.subscribe(() => told++);
  page.storage.set("width", "narrow");
  tabs.dispatchEvent(Object.assign(new Event("storage"), { key: "width" }));
  tabs.dispatchEvent(Object.assign(new Event("storage"), { key: "another" }));
  assert.deepEqual([applied, told], [["narrow"], 1]);
  stop();
  width.choose("wide");
  assert.equal(told, 1);
});

test("where the browser lets the page store nothing, a choice holds as long as the page", () => {
  page.storageIsOpen = false;
  const width = make();
  assert.equal(width.value, "wide");
  width.choose("narrow");
  assert.deepEqual([width.value, applied], ["narrow", ["narrow"]]);
  width.choose("wide");
  assert.equal(width.value, "wide");
});
