import { describe } from "node:test";
import { changes } from "./conformance/changes.ts";
import type { Engine } from "./conformance/engine.ts";
import { log } from "./conformance/log.ts";
import { receipts } from "./conformance/receipts.ts";
import { stories } from "./conformance/stories.ts";
import { taskList } from "./conformance/task-list.ts";

/** What every engine of the {@link Store} must do, as tests. Call it from the engine's own test file. */
export function storeConformance(name: string, engine: Engine): void {
  describe(`${name} keeps the promises of a store`, () => {
    describe("changes", () => changes(engine));
    describe("receipts", () => receipts(engine));
    describe("log", () => log(engine));
    describe("task list", () => taskList(engine));
    describe("stories", () => stories(engine));
  });
}
