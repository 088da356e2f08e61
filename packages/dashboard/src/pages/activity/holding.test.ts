import assert from "node:assert/strict";
import { test } from "node:test";
import { held } from "../../../test/support/events.ts";
import { EventLog } from "../../store/event-log.ts";
import type { HeldEvent } from "../../store/held-event.ts";
import { Holding } from "./holding.ts";

const filter = {};
const all = () => true;
const ids = (events: readonly HeldEvent[]) => events.map(({ id }) => id);
const append = (log: EventLog, ...added: number[]) => log.append(added.map((id) => held(id)));

test("what is shown stands still while the log goes on, and what comes is counted once", () => {
  const log = new EventLog(4);
  append(log, 5, 6);
  const holding = new Holding(log, filter);
  append(log, 7, 8);
  assert.deepEqual([ids(holding.events), holding.fresh(all)], [[5, 6], 2]);
  assert.equal(holding.fresh(all), 2, "however often it is drawn");
  append(log, 9);
  assert.deepEqual([ids(holding.events), holding.fresh(all), holding.base], [[5, 6], 3, 4]);
});

test("only what the filter finds is counted", () => {
  const log = new EventLog(0);
  const holding = new Holding(log, filter);
  log.append([held(1, { type: "error" }), held(2), held(3, { type: "error" })]);
  assert.equal(
    holding.fresh(({ type }) => type === "error"),
    2,
  );
});

test("whoever reads keeps what they read, though the log has let go of it since", () => {
  const log = new EventLog(0, 20);
  append(log, ...Array.from({ length: 20 }, (_, at) => at + 1));
  const holding = new Holding(log, filter);
  for (let id = 21; id <= 200; id++) append(log, id);
  assert.ok(log.base > 100);
  assert.deepEqual([ids(holding.events).length, holding.base], [20, 0]);
  assert.ok(holding.fresh(all) > 0);
});

test("it is a place in one log with one filter: another of either begins at the end", () => {
  const log = new EventLog(0);
  const holding = new Holding(log, filter);
  assert.ok(holding.isOf(log, filter));
  assert.ok(!holding.isOf(new EventLog(0), filter));
  assert.ok(!holding.isOf(log, {}));
});
