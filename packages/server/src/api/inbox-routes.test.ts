import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inboxSchema } from "@mission-control/protocol";
import { type HttpFixture, startHttp } from "../../test/http-fixture.ts";

let http: HttpFixture;
before(async () => {
  http = await startHttp();
});
after(() => http.close());

test("the inbox tells what waits, since when, and what is asked; a force end leaves a failure in it", async () => {
  const empty = await http.call("GET", "/api/inbox");
  assert.equal(empty.status, 200);
  assert.deepEqual(empty.body, {
    items: [],
    counts: { question: 0, undelivered: 0, review: 0, failure: 0, silent: 0 },
    running: 0,
    lastEventId: empty.body.lastEventId,
  });
  const endpoint = { kind: "http", url: "http://127.0.0.1:9/agent" };
  const agent = (await http.call("POST", "/api/agents", { name: "builder", endpoint })).body;
  const { id } = (await http.call("POST", "/api/tasks", { title: "Asks" })).body;
  assert.equal((await http.call("POST", `/api/tasks/${id}/force-end`)).status, 409);
  await http.call("POST", `/api/tasks/${id}/dispatch`, { agentId: agent.id });
  const request = { id: "r1", title: "May I?", options: [{ optionId: "yes", name: "Yes" }] };
  const at = http.clock.now().toISOString();
  http.clock.advance(1000);
  const since = http.clock.now().toISOString();
  const callback = { taskId: id, agentId: agent.id, type: "permission", request } as const;
  await http.store.change({ kind: "callback", taskId: id, callback, at });
  http.clock.advance(1000);
  const { body } = await http.call("GET", "/api/inbox?limit=1");
  assert.deepEqual(inboxSchema.parse(body), body);
  const task = (await http.call("GET", `/api/tasks/${id}`)).body;
  const { attempts, ...summary } = task;
  assert.deepEqual(body.items, [{ kind: "question", task: summary, since, request }]);
  assert.equal(body.running, 1);
  assert.deepEqual([task.lastWordAt, attempts[0].lastWordAt], [since, since]);
  assert.equal((await http.call("GET", `/api/agents/${agent.id}`)).body.lastWordAt, since);

  const ended = await http.call("POST", `/api/tasks/${id}/force-end`);
  assert.equal(ended.status, 200);
  assert.deepEqual([ended.body.status, ended.body.attempts[0].state], ["failed", "lost"]);
  assert.match(ended.body.error, /not known/);
  assert.equal(ended.body.attempts[0].lastWordAt, since);
  const after = (await http.call("GET", "/api/inbox")).body;
  assert.deepEqual([after.items[0].kind, after.items[0].since], ["failure", http.clock.now().toISOString()]);
  assert.equal((await http.call("GET", "/api/inbox?limit=501")).status, 400);
});
