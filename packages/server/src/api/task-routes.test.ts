import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { taskPageSchema, taskSchema } from "@mission-control/protocol";
import { newEvent } from "../../test/conformance/engine.ts";
import { type HttpFixture, startHttp } from "../../test/http-fixture.ts";
import type { AgentRecord } from "../store/records.ts";

let http: HttpFixture;
before(async () => {
  http = await startHttp();
});
after(() => http.close());
beforeEach(() => {
  http.outcome = { kind: "accepted" };
});

const create = async (fields: object = {}) =>
  (await http.call("POST", "/api/tasks", { title: "A task", ...fields })).body;

async function createAgent(concurrency = 100): Promise<string> {
  const endpoint = { kind: "http", url: "http://127.0.0.1:9/agent" };
  const { body } = await http.call("POST", "/api/agents", { name: "builder", concurrency, endpoint });
  return body.id;
}

/** A task that its agent has, as far as its dispatch. */
async function dispatched(fields: object = {}) {
  const agentId = await createAgent();
  const { id } = await create(fields);
  const { body } = await http.call("POST", `/api/tasks/${id}/dispatch`, { agentId });
  return { id: id as string, agentId, dispatchId: body.dispatchId as string };
}

/** What the task's agent reports, as the callback endpoint stores it. */
async function report(task: { id: string; agentId: string; dispatchId: string }, said: object) {
  const callback = { taskId: task.id, agentId: task.agentId, ...said } as never;
  const at = http.clock.now().toISOString();
  await http.store.change({ kind: "callback", taskId: task.id, dispatchId: task.dispatchId, callback, at });
}

test("a task is created with its defaults and read back", async () => {
  const created = await http.call("POST", "/api/tasks", { title: " Fix the log-in ", tags: ["auth"] });
  assert.equal(created.status, 201);
  assert.equal(created.headers.get("location"), `/api/tasks/${created.body.id}`);
  assert.equal(created.headers.get("cache-control"), "no-store");
  assert.deepEqual(taskSchema.parse(created.body), created.body);
  const { title, description, priority, tags, context, requiresReview, status, attempts } = created.body;
  assert.deepEqual(
    { title, description, priority, tags, context, requiresReview, status, attempts },
    {
      title: "Fix the log-in",
      description: "",
      priority: "normal",
      tags: ["auth"],
      context: {},
      requiresReview: false,
      status: "pending",
      attempts: [],
    },
  );
  const read = await http.call("GET", `/api/tasks/${created.body.id}`);
  assert.equal(read.status, 200);
  assert.deepEqual(read.body, created.body);
});

test("an Idempotency-Key makes a repeat answer the same, and another body under it is refused", async () => {
  const send = (title: string) => http.call("POST", "/api/tasks", { title }, { "Idempotency-Key": "once" });
  const first = await send("Only once");
  const [second, third] = await Promise.all([send("Only once"), send("Only once")]);
  for (const repeat of [second, third]) {
    assert.equal(repeat.status, 201);
    assert.deepEqual(repeat.body, first.body);
  }
  const { body } = await http.call("GET", "/api/tasks?q=Only%20once");
  assert.equal(body.items.length, 1);
  assert.equal((await send("Something else")).status, 422);
  const long = await http.call("POST", "/api/tasks", { title: "x" }, { "Idempotency-Key": "k".repeat(256) });
  assert.equal(long.status, 400);
});

test("a wrong body is refused with the place of each mistake", async () => {
  const { status, headers, body } = await http.call("POST", "/api/tasks", { title: "", priority: "soon" });
  assert.equal(status, 400);
  assert.equal(headers.get("content-type"), "application/problem+json");
  assert.deepEqual(
    body.errors.map((error: { path: string }) => error.path),
    ["title", "priority"],
  );
  assert.equal(body.status, 400);
  assert.equal(body.title, "Bad Request");
  assert.equal(body.type, "about:blank");
});

test("tasks are listed by pages that meet end to end", async () => {
  const tag = "paging";
  const ids: string[] = [];
  for (const title of ["one", "two", "three"]) ids.push((await create({ title, tags: [tag] })).id);
  const first = await http.call("GET", `/api/tasks?tag=${tag}&limit=2`);
  assert.equal(first.status, 200);
  assert.doesNotThrow(() => taskPageSchema.parse(first.body));
  const range = await http.store.range();
  assert.equal(first.body.lastEventId, range.newest);
  const second = await http.call("GET", `/api/tasks?tag=${tag}&limit=2&cursor=${first.body.nextCursor}`);
  assert.equal(second.body.nextCursor, null);
  const listed = [...first.body.items, ...second.body.items].map((task) => task.id);
  assert.deepEqual(listed, ids.reverse());
});

test("wrong queries are refused by name", async () => {
  for (const [query, path] of [
    ["status=done", "status"],
    ["limit=0", "limit"],
    ["limit=many", "limit"],
    ["sort=title", "sort"],
    ["cursor=nonsense", "cursor"],
    ["status=pending&status=failed", "status"],
  ]) {
    const { status, body } = await http.call("GET", `/api/tasks?${query}`);
    assert.equal(status, 400, query);
    assert.equal(body.errors[0].path, path, query);
    assert.match(body.detail, new RegExp(`^The request is not valid: ${path}: must [^.:]*\\.$`));
  }
});

test("a task is edited and deleted, and is then gone but for its events", async () => {
  const { id } = await create();
  const edited = await http.call("PATCH", `/api/tasks/${id}`, { title: "Renamed", priority: "urgent" });
  assert.equal(edited.status, 200);
  assert.equal(edited.body.title, "Renamed");
  assert.equal(edited.body.priority, "urgent");
  assert.equal((await http.call("PATCH", `/api/tasks/${id}`, { priority: 1 })).status, 400);
  const deleted = await http.call("DELETE", `/api/tasks/${id}`);
  assert.equal(deleted.status, 204);
  assert.equal(deleted.body, "");
  for (const [method, path] of [
    ["GET", ""],
    ["DELETE", ""],
    ["POST", "/cancel"],
    ["POST", "/approve"],
  ]) {
    assert.equal(
      (await http.call(method as string, `/api/tasks/${id}${path}`)).status,
      404,
      `${method} ${path}`,
    );
  }
  const { body } = await http.call("GET", `/api/tasks/${id}/events`);
  assert.deepEqual(
    body.items.map((event: { data: { change: string } }) => event.data.change),
    ["created", "edited", "deleted"],
  );
});

test("a dispatch that the agent's side accepts answers a task in progress, and shows its attempt", async () => {
  const agentId = await createAgent();
  const { id } = await create();
  const { status, body } = await http.call("POST", `/api/tasks/${id}/dispatch`, { agentId });
  assert.equal(status, 200);
  assert.deepEqual(taskSchema.parse(body), body);
  assert.equal(body.status, "in_progress");
  assert.equal(body.agentId, agentId);
  assert.equal(body.attempts.length, 1);
  const [attempt] = body.attempts;
  assert.equal(attempt.id, body.dispatchId);
  assert.equal(attempt.attempt, 1);
  assert.equal(attempt.state, "accepted");
  for (const inside of ["note", "number", "taskId", "permissions", "runOutcome"]) {
    assert.ok(!(inside in attempt), inside);
  }
  assert.equal((await http.call("POST", `/api/tasks/${id}/dispatch`, { agentId })).status, 409);
  assert.equal((await http.call("DELETE", `/api/tasks/${id}`)).status, 409);
});

test("who was answered finds it in the agent's own record, however soon", async () => {
  const agentId = await createAgent();
  const running = async () => (await http.call("GET", `/api/agents/${agentId}`)).body.running;
  for (let round = 0; round < 5; round++) {
    const { id } = await create();
    await http.call("POST", `/api/tasks/${id}/dispatch`, { agentId });
    assert.equal(await running(), 1);
    await http.call("POST", `/api/tasks/${id}/cancel`);
    assert.equal(await running(), 0);
  }
});

test("an agent that another node registered a moment ago takes a dispatch", async () => {
  const { id } = await create();
  const record = (await http.store.record("agent", await createAgent())) as AgentRecord;
  await http.store.edit("agent", "agent_new", () => ({
    record: { ...record, id: "agent_new" },
    event: newEvent("agent", { agentId: "agent_new" }),
  }));
  const { status } = await http.call("POST", `/api/tasks/${id}/dispatch`, { agentId: "agent_new" });
  assert.equal(status, 200);
});

test("an agent without a free slot leaves the task queued", async () => {
  const agentId = await createAgent(1);
  const first = await create();
  const second = await create();
  await http.call("POST", `/api/tasks/${first.id}/dispatch`, { agentId });
  const { status, body } = await http.call("POST", `/api/tasks/${second.id}/dispatch`, { agentId });
  assert.equal(status, 200);
  assert.equal(body.status, "queued");
  assert.equal((await http.call("DELETE", `/api/agents/${agentId}`)).status, 409);
});

for (const [kind, reason] of [
  ["rejected", "The agent is on holiday."],
  ["unreachable", "Nobody listens at 127.0.0.1:9."],
] as const) {
  test(`a dispatch that is ${kind} fails the task and answers 502 with the reason`, async () => {
    http.outcome = { kind, reason };
    const agentId = await createAgent();
    const { id } = await create();
    const { status, body } = await http.call("POST", `/api/tasks/${id}/dispatch`, { agentId });
    assert.equal(status, 502);
    assert.equal(body.detail, reason);
    const task = (await http.call("GET", `/api/tasks/${id}`)).body;
    assert.equal(task.status, "failed");
    assert.equal(task.error, reason);
    http.outcome = { kind: "accepted" };
    const again = await http.call("POST", `/api/tasks/${id}/dispatch`, { agentId });
    assert.equal(again.status, 200);
    assert.deepEqual(
      again.body.attempts.map((attempt: { attempt: number }) => attempt.attempt),
      [1, 2],
    );
  });
}

test("a dispatch of or to nothing is not found", async () => {
  const agentId = await createAgent();
  const { id } = await create();
  const noTask = await http.call("POST", "/api/tasks/none/dispatch", { agentId });
  assert.deepEqual([noTask.status, noTask.body.detail], [404, "There is no such task."]);
  const noAgent = await http.call("POST", `/api/tasks/${id}/dispatch`, { agentId: "none" });
  assert.deepEqual([noAgent.status, noAgent.body.detail], [404, "There is no such agent."]);
  assert.equal((await http.call("POST", `/api/tasks/${id}/dispatch`, {})).status, 400);
  assert.equal((await http.call("POST", `/api/tasks/${id}/dispatch`)).status, 400);
});

test("a task is cancelled once", async () => {
  const task = await dispatched();
  const { status, body } = await http.call("POST", `/api/tasks/${task.id}/cancel`);
  assert.equal(status, 200);
  assert.equal(body.status, "cancelled");
  assert.equal(body.attempts[0].state, "cancelled");
  assert.equal((await http.call("POST", `/api/tasks/${task.id}/cancel`)).status, 409);
});

test("a task in review is sent back with feedback, then approved", async () => {
  const task = await dispatched({ requiresReview: true });
  assert.equal((await http.call("POST", `/api/tasks/${task.id}/approve`)).status, 409);
  await report(task, { type: "complete", summary: "Done" });
  assert.equal((await http.call("GET", `/api/tasks/${task.id}`)).body.status, "review");
  assert.equal((await http.call("POST", `/api/tasks/${task.id}/reject`, {})).status, 400);
  const rejected = await http.call("POST", `/api/tasks/${task.id}/reject`, { feedback: "Add a test" });
  assert.equal(rejected.status, 200);
  assert.equal(rejected.body.attempts[1].feedback, "Add a test");
  const second = { ...task, dispatchId: rejected.body.dispatchId };
  // Its agent can report once it has it, and the queue is served by who follows the log.
  while ((await http.store.attempt(second.dispatchId))?.state !== "accepted") await nextTurn();
  await report(second, { type: "progress", message: "Adding it" });
  await report(second, { type: "complete", summary: "Done, tested" });
  const approved = await http.call("POST", `/api/tasks/${task.id}/approve`);
  assert.equal(approved.status, 200);
  assert.equal(approved.body.status, "completed");
  assert.equal(approved.body.summary, "Done, tested");
});

test("a form is answered with values; those that do not fill it in are a 400 that names the fields", async () => {
  const task = await dispatched();
  const fields = [{ name: "branch", label: "Branch", type: "text", required: true }];
  await report(task, { type: "permission", request: { id: "f1", title: "Which?", options: [], fields } });
  const path = `/api/tasks/${task.id}/permissions/f1`;
  const { body: waiting } = await http.call("GET", `/api/tasks/${task.id}`);
  assert.deepEqual(waiting.waitingFor.fields, fields);
  const wrong = await http.call("POST", path, { values: { brunch: "x" } });
  assert.equal(wrong.status, 400);
  assert.deepEqual(wrong.body.errors, [
    { path: "values.branch", message: "is required" },
    { path: "values.brunch", message: "is no field of the form" },
  ]);
  assert.equal((await http.call("POST", path, {})).status, 400);
  assert.equal((await http.call("POST", path, { values: { branch: "fix" } })).status, 200);
  assert.equal((await http.call("POST", path, { values: { branch: "fix" } })).status, 409);
});

test("a permission request is answered once, by one of its options", async () => {
  const task = await dispatched();
  const options = [
    { optionId: "allow", name: "Allow" },
    { optionId: "deny", name: "Deny" },
  ];
  await report(task, { type: "permission", request: { id: "r1", title: "Run rm -rf build", options } });
  const path = `/api/tasks/${task.id}/permissions`;
  assert.equal((await http.call("GET", `/api/tasks/${task.id}`)).body.waitingFor.id, "r1");
  assert.equal((await http.call("POST", `${path}/r2`, { optionId: "allow" })).status, 404);
  assert.equal((await http.call("POST", `${path}/r1`, { optionId: "maybe" })).status, 400);
  const answered = await http.call("POST", `${path}/r1`, { optionId: "allow" });
  assert.equal(answered.status, 200);
  assert.equal(answered.body.waitingFor, undefined);
  assert.equal((await http.call("POST", `${path}/r1`, { optionId: "deny" })).status, 409);
});

test("what only the rules need never leaves", async () => {
  const task = await dispatched();
  await report(task, { type: "error", error: "Broke", lastState: "half way", usage: { inputTokens: 5 } });
  await http.call("POST", `/api/tasks/${task.id}/dispatch`, { agentId: task.agentId });
  const { body } = await http.call("GET", `/api/tasks/${task.id}`);
  assert.ok(!("usageBefore" in body));
  assert.deepEqual(body.usage, { inputTokens: 5 });
  assert.deepEqual(body.attempts[0].usage, { inputTokens: 5 });
  assert.equal(body.attempts[0].error, "Broke");
  assert.equal(body.attempts[0].lastState, "half way");
  const { body: list } = await http.call("GET", "/api/tasks?limit=500");
  for (const item of list.items) assert.ok(!("usageBefore" in item) && !("attempts" in item));
});

test("a task's events are read forwards, all events backwards, by pages", async () => {
  const task = await dispatched();
  await report(task, { type: "progress", message: "Reading", progress: 0.5 });
  const first = await http.call("GET", `/api/tasks/${task.id}/events?limit=2`);
  const second = await http.call(
    "GET",
    `/api/tasks/${task.id}/events?limit=500&after=${first.body.nextCursor}`,
  );
  const events = [...first.body.items, ...second.body.items];
  const ids = events.map((event) => event.id);
  assert.deepEqual(
    ids,
    ids.toSorted((one, other) => one - other),
  );
  assert.equal(second.body.nextCursor, null);
  assert.equal(events.at(-1).message, "Reading");
  const back = await http.call("GET", `/api/events/history?taskId=${task.id}&limit=500`);
  assert.deepEqual(
    back.body.items.map((event: { id: number }) => event.id),
    ids.toReversed(),
  );
  const filtered = await http.call(
    "GET",
    `/api/events/history?agentId=${task.agentId}&types=activity,complete&before=${ids.at(-1) + 1}`,
  );
  assert.deepEqual(
    filtered.body.items.map((event: { message: string }) => event.message),
    ["Reading"],
  );
  assert.equal((await http.call("GET", "/api/tasks/none/events")).status, 404);
  for (const query of ["types=nonsense", "before=-1", "limit=501", "before=x"]) {
    assert.equal((await http.call("GET", `/api/events/history?${query}`)).status, 400, query);
  }
});

test("events are found by what was said, by ids, and by the names behind them", async () => {
  const task = await dispatched({ title: "Fix the Redirect" });
  const other = await dispatched({ title: "Something else" });
  await report(task, { type: "progress", message: 'Reading "src/Auth.ts" – Größe' });
  await report(other, { type: "progress", message: "Nothing like it" });
  await report(other, { type: "error", error: "No network", lastState: "Installing NEEDLES" });
  const found = async (query: Record<string, string>) => {
    const { status, body } = await http.call("GET", `/api/events/history?${new URLSearchParams(query)}`);
    assert.equal(status, 200);
    return body as { items: { id: number; taskId: string; message?: string }[]; nextCursor: string | null };
  };
  const messages = async (query: Record<string, string>) =>
    (await found(query)).items.map(({ message }) => message);
  assert.deepEqual(await messages({ q: "src/auth.TS" }), ['Reading "src/Auth.ts" – Größe']);
  assert.deepEqual(await messages({ q: ' "SRC/ ' }), ['Reading "src/Auth.ts" – Größe']);
  assert.deepEqual(await messages({ q: "GRÖSSE" }), [], "case alone does not matter; spelling does");
  assert.deepEqual(await messages({ q: "GRÖ" }), ['Reading "src/Auth.ts" – Größe']);
  assert.deepEqual(await messages({ q: "needles" }), ["No network"]);
  const byTitle = await found({ q: "the redirect", limit: "500" });
  assert.deepEqual(new Set(byTitle.items.map(({ taskId }) => taskId)), new Set([task.id]));
  assert.ok(byTitle.items.length > 4, "every event of the task");
  assert.deepEqual(await messages({ q: "receivedAt" }), [], "names of fields are nobody's words");
  const first = await found({ q: "the redirect", limit: "2" });
  assert.equal(first.items.length, 2);
  const rest = await found({ q: "the redirect", limit: "500", before: first.nextCursor ?? "" });
  assert.deepEqual([...first.items, ...rest.items], byTitle.items);
  assert.deepEqual(await messages({ q: "network", types: "activity" }), [], "together with the filters");
  assert.equal((await http.call("GET", "/api/events/history?q=%20")).status, 400);
});

test("shows what an agent was sent, without the secret, whatever was edited since", async () => {
  const { id, dispatchId } = await dispatched({ title: "As sent", context: { branch: "main" } });
  const path = `/api/tasks/${id}/dispatches/${dispatchId}/payload`;
  await http.call("PATCH", `/api/tasks/${id}`, { title: "Later", context: {}, tags: ["later"] });
  const { status, body } = await http.call("GET", path);
  assert.equal(status, 200);
  const { isKept, kind, payload, turn } = body;
  assert.deepEqual([isKept, kind, turn], [true, "http", undefined]);
  assert.equal(payload.dispatchId, dispatchId);
  assert.equal(payload.task.title, "As sent");
  assert.deepEqual(payload.task.context, { branch: "main" });
  assert.match(payload.callback.url, new RegExp(`/api/webhooks/callback/${dispatchId}$`));
  assert.match(payload.callback.secret, /^whsec_•+$/);
  const other = await create();
  assert.equal((await http.call("GET", path.replace(id, other.id))).status, 404);
  assert.equal((await http.call("GET", path.replace(dispatchId, "none"))).status, 404);
});
