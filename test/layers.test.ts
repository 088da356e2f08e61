import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  type Import,
  importsBetweenPackages,
  importsBetweenRooms,
  loadersOf,
  packages,
  rooms,
  root,
} from "./layers/imports.ts";
import { withPictures } from "./layers/picture.ts";

test("no package imports a package above it", () => {
  assert.deepEqual(pointingUp(importsBetweenPackages(), packages), []);
});

test("no room of the server imports a room above it", () => {
  assert.deepEqual(pointingUp(importsBetweenRooms(), rooms), []);
});

test("an import that points up, and one of a room without a place, are found", () => {
  const imports = [
    { file: "store/plan.ts", from: "store", to: "api" },
    { file: "store/plan.ts", from: "store", to: "attic" },
    { file: "api/task-routes.ts", from: "api", to: "store" },
  ];
  assert.deepEqual(pointingUp(imports, rooms), ["store/plan.ts imports api", "store/plan.ts imports attic"]);
});

test("what only servers with NATS need is loaded by them alone", () => {
  assert.deepEqual(loadersOf(/^@nats-io\//), []);
  assert.deepEqual(loadersOf(/\/relay\//), []);
  assert.ok(loadersOf(/^\.\/log-consumer\.ts$/).includes("relay/log-relay.ts"), "such a one is found");
});

test("the pictures of docs/architecture.md are those of the imports as they are", () => {
  const document = readFileSync(join(root, "docs/architecture.md"), "utf8");
  assert.equal(document, withPictures(document), 'run "npm run architecture"');
});

/** @param order from the top */
function pointingUp(imports: readonly Import[], order: readonly string[]): string[] {
  const depth = (name: string) => order.indexOf(name);
  return imports
    .filter(({ from, to }) => depth(from) < 0 || depth(to) < depth(from))
    .map(({ file, to }) => `${file} imports ${to}`);
}
