import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { EventFilter } from "@mission-control/protocol";
import { EventLog } from "./event-log.ts";
import { migrate } from "./migrations.ts";

/** A database that notes what is prepared on it. */
class NotingDatabase extends DatabaseSync {
  readonly prepared: string[] = [];

  override prepare(sql: string) {
    this.prepared.push(sql);
    return super.prepare(sql);
  }
}

test("what the log holds about a task or an agent is found without reading the rest", () => {
  const db = new NotingDatabase(":memory:");
  migrate(db);
  const log = new EventLog(db);
  const indexOf = (filter: EventFilter) => {
    log.history(null, filter, 10);
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${db.prepared.at(-1)}`).all();
    return plan.map(({ detail }) => /INDEX (\w+)/.exec(String(detail))?.[1]);
  };
  assert.deepEqual(indexOf({ taskId: "t1" }), ["events_by_task"]);
  assert.deepEqual(indexOf({ taskId: "t1", agentId: "a1" }), ["events_by_task"]);
  assert.deepEqual(indexOf({ agentId: "a1" }), ["events_by_agent"]);
  // Of a million reports of an agent, a start wants the few events that tell whether it could be reached.
  assert.deepEqual(indexOf({ agentId: "a1", types: ["agent"] }), ["events_of_agents"]);
  db.close();
});
