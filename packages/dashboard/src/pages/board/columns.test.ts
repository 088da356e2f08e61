import assert from "node:assert/strict";
import { test } from "node:test";
import { task } from "../../../test/support/events.ts";
import type { PendingAction } from "../../store/pending-actions.ts";
import { arrange, COLUMNS, serverOrder } from "./columns.ts";

const nothingPending = () => undefined;
const ids = (tasks: readonly { id: string }[]) => tasks.map(({ id }) => id);

test("what waits is sorted by urgency, then the oldest first, then by id", () => {
  const made = (id: string, priority: "urgent" | "normal" | "low", minute: number) =>
    task({ id, priority, status: "pending", createdAt: `2026-11-23T10:0${minute}:00.000Z` });
  const tasks = [
    made("low", "low", 0),
    made("b", "normal", 2),
    made("a", "normal", 2),
    made("older", "normal", 1),
    made("urgent", "urgent", 9),
  ];
  const expected = ["urgent", "older", "a", "b", "low"];
  assert.deepEqual(ids(arrange(tasks, nothingPending, {}).pending), expected);
  assert.deepEqual(ids(arrange(tasks.toReversed(), nothingPending, {}).pending), expected);
});

test("what is over is sorted by what changed last", () => {
  const tasks = ["10:01", "10:03", "10:02"].map((time) =>
    task({ id: time, status: "completed", priority: "normal", updatedAt: `2026-11-23T${time}:00.000Z` }),
  );
  assert.deepEqual(ids(arrange(tasks, nothingPending, {}).completed), ["10:03", "10:02", "10:01"]);
});

test("each column's pages are asked for in the order it is shown in", () => {
  // Asked for by the last change, an urgent task that lies untouched would be on no page that is loaded.
  assert.deepEqual(
    COLUMNS.filter((status) => serverOrder(status) === "priority"),
    ["pending", "queued", "in_progress"],
  );
});

test("a task with an action under way is shown where it is going; one that goes nowhere stays", () => {
  const tasks = [task({ id: "moves", status: "pending" }), task({ id: "stays", status: "pending" })];
  const pendingOf = (id: string): PendingAction => ({
    to: id === "moves" ? "queued" : null,
    label: "…",
    after: 1,
  });
  const columns = arrange(tasks, pendingOf, {});
  assert.deepEqual([ids(columns.pending), ids(columns.queued)], [["stays"], ["moves"]]);
});

test("the filters hold together: words in title, description and tags, the agent, the tag", () => {
  const tasks = [
    task({ id: "1", title: "Fix Log-in", agentId: "agent_1", tags: ["auth"] }),
    task({ id: "2", title: "Other", description: "about the LOG-IN", agentId: "agent_2" }),
    task({ id: "3", title: "Other", tags: ["log-in"], agentId: null }),
  ];
  const found = (filter: Parameters<typeof arrange>[2]) =>
    ids(arrange(tasks, nothingPending, filter).in_progress).sort();
  assert.deepEqual(found({ q: " log-IN " }), ["1", "2", "3"]);
  assert.deepEqual(found({ q: "log-in", agent: "agent_2" }), ["2"]);
  assert.deepEqual(found({ tag: "log-in" }), ["3"]);
  assert.deepEqual(found({ tag: "log" }), [], "a tag is matched whole");
  assert.deepEqual(found({ q: "  " }), ["1", "2", "3"]);
});
