import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { QueryObserver } from "@tanstack/react-query";
import { agentView } from "../../../test/support/agent-view.ts";
import { settled, TestMission } from "../../../test/support/test-mission.ts";
import { agentCalls } from "./use-agent-calls.ts";

let there: TestMission;
let calls: ReturnType<typeof agentCalls>;
let stop: () => void;
beforeEach(async () => {
  there = new TestMission();
  calls = agentCalls(there.mission);
  // Somebody shows the agents.
  stop = new QueryObserver(there.mission.queries, {
    queryKey: ["agents"],
    queryFn: () => there.mission.api.get("/api/agents"),
    staleTime: Number.POSITIVE_INFINITY,
  }).subscribe(() => undefined);
  (await there.call("GET /api/agents")).answer({ items: [] });
  await settled();
});
afterEach(() => {
  stop();
  there.close();
});

test("an agent is added when the list has it, and comes with its secret", async () => {
  const adding = calls.create({ name: "Ada" });
  const call = await there.call("POST /api/agents");
  assert.deepEqual(call.body, { name: "Ada" });
  call.answer({ ...agentView("a1"), secret: "shown once" }, 201);
  (await there.call("GET /api/agents")).answer({ items: [] });
  assert.equal((await adding).secret, "shown once");
});

test("one that is refused is thrown, with the server's words, and nothing is read anew", async () => {
  const adding = assert.rejects(calls.create({ name: "Ada" }), { status: 409, message: "There is an Ada." });
  (await there.call("POST /api/agents")).refuse(409, "There is an Ada.");
  await adding;
  assert.deepEqual(there.open, []);
});

test("a change says why it was refused, or that it was done, once the list shows it", async () => {
  const refused = calls.edit("a/1", { concurrency: 0 });
  (await there.call("PATCH /api/agents/a%2F1")).refuse(400, "At least 1.");
  assert.equal(await refused, "At least 1.");
  const removed = calls.remove("a/1");
  (await there.call("DELETE /api/agents/a%2F1")).answer({});
  (await there.call("GET /api/agents")).answer({ items: [] });
  assert.equal(await removed, null);
});

test("a list that cannot be read after a change does not make the change undone", async () => {
  const removed = calls.remove("a1");
  (await there.call("DELETE /api/agents/a1")).answer({});
  (await there.call("GET /api/agents")).refuse(503);
  assert.equal(await removed, null);
});
