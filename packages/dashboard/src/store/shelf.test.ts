import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { becomePage, type PageGlobals } from "../../test/support/page-globals.ts";
import { shelf } from "./shelf.ts";

let page: PageGlobals;
beforeEach(() => {
  page = becomePage("http://127.0.0.1/");
});
afterEach(() => {
  for (const name of ["a", "b"]) shelf.removeItem(name);
  page.restore();
});

test("what is kept is there for every tab of the browser, until it is removed", () => {
  shelf.setItem("a", "1");
  assert.equal(page.storage.get("a"), "1");
  page.storage.set("a", "2");
  assert.equal(shelf.getItem("a"), "2", "as another tab has left it");
  shelf.removeItem("a");
  assert.deepEqual([shelf.getItem("a"), page.storage.size], [null, 0]);
});

test("where the browser lets the page store nothing, it is kept as long as the page", () => {
  page.storageIsOpen = false;
  assert.equal(shelf.getItem("a"), null);
  shelf.setItem("a", "1");
  shelf.setItem("b", "");
  assert.deepEqual([shelf.getItem("a"), shelf.getItem("b")], ["1", ""]);
  shelf.removeItem("a");
  assert.equal(shelf.getItem("a"), null);
});

test("where the room is used up, the newest word holds on this page, not the one that is stored", () => {
  shelf.setItem("a", "old");
  page.storageIsFull = true;
  shelf.setItem("a", "new");
  assert.deepEqual([shelf.getItem("a"), page.storage.get("a")], ["new", "old"]);
  page.storageIsFull = false;
  shelf.setItem("a", "newest");
  page.storage.set("a", "of another tab");
  assert.equal(shelf.getItem("a"), "of another tab", "nothing is held back any more");
});
