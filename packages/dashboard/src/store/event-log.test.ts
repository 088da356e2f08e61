import assert from "node:assert/strict";
import { test } from "node:test";
import { held } from "../../test/support/events.ts";
import { EventLog } from "./event-log.ts";

test("takes each event once and keeps its order", () => {
  const log = new EventLog(2);
  assert.deepEqual(
    log.append([held(2), held(3), held(4)]).map(({ id }) => id),
    [3, 4],
  );
  assert.deepEqual(log.append([held(4)]), []);
  assert.equal(log.position, 4);
  assert.deepEqual(
    log.after(3).map(({ id }) => id),
    [4],
  );
});

test("stays within its capacity, dropping the oldest, and says where it begins", () => {
  const log = new EventLog(0, 100);
  for (let id = 1; id <= 1_000; id++) log.append([held(id)]);
  const events = log.events();
  assert.ok(events.length <= 100 && events.length >= 85);
  assert.equal(events.at(-1)?.id, 1_000);
  assert.equal(log.base + 1, events[0]?.id);
  assert.equal(log.after(0).length, events.length);
  assert.equal(log.after(995).length, 5);
});
