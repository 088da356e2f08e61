import { describe } from "node:test";
import { lateStore } from "../support/late-store.ts";
import { artifacts } from "./artifacts.ts";
import { budgets } from "./budgets.ts";
import { changes } from "./changes.ts";
import { claims } from "./claims.ts";
import { deliveries } from "./deliveries.ts";
import type { Engine } from "./engine.ts";
import { exchanges } from "./exchanges.ts";
import { inbox } from "./inbox.ts";
import { insights } from "./insights.ts";
import { leases } from "./leases.ts";
import { log } from "./log.ts";
import { messages } from "./messages.ts";
import { receipts } from "./receipts.ts";
import { stories } from "./stories.ts";
import { taskList } from "./task-list.ts";
import { transcripts } from "./transcripts.ts";

/**
 * What every engine of the store must do, as tests. Call it from the engine's own test file. Each runs twice: on the
 * engine as it is, and seen over a network that answers late.
 */
export function storeConformance(name: string, engine: Engine): void {
  const late: Engine = {
    ...engine,
    open: async (place, now) => lateStore(await engine.open(place, now)),
    isSlow: true,
  };
  for (const [mode, subject] of [
    [name, engine],
    [`${name}, told late,`, late],
  ] as const) {
    describe(`${mode} keeps the promises of a store`, () => {
      describe("changes", () => changes(subject));
      describe("messages", () => messages(subject));
      describe("receipts", () => receipts(subject));
      describe("claims", () => claims(subject));
      describe("leases", () => leases(subject));
      describe("log", () => log(subject));
      describe("transcripts", () => transcripts(subject));
      describe("deliveries", () => deliveries(subject));
      describe("exchanges", () => exchanges(subject));
      describe("task list", () => taskList(subject));
      describe("artifacts", () => artifacts(subject));
      describe("inbox", () => inbox(subject));
      describe("insights", () => insights(subject));
      describe("budgets", () => budgets(subject));
      describe("stories", () => stories(subject));
    });
  }
}
