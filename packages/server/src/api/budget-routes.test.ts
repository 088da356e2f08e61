import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { budgetSchema } from "@mission-control/protocol";
import { callback } from "../../test/conformance/engine.ts";
import { type HttpFixture, startHttp } from "../../test/http-fixture.ts";

let http: HttpFixture;
let ada: string;

before(async () => {
  http = await startHttp();
  const endpoint = { kind: "http", url: "http://127.0.0.1:9/" };
  ada = (await http.call("POST", "/api/agents", { name: "Ada", endpoint, concurrency: 9 })).body.id;
});
after(() => http.close());

const LIMIT = { tokens: 100 };

async function task(fields: object = {}): Promise<string> {
  return (await http.call("POST", "/api/tasks", { title: "A task", ...fields })).body.id;
}

function dispatch(taskId: string) {
  return http.call("POST", `/api/tasks/${taskId}/dispatch`, { agentId: ada });
}

test("a budget is made, read, edited and removed", async () => {
  const made = await http.call("POST", "/api/budgets", { name: "All", limit: LIMIT, period: "month" });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const budget = budgetSchema.parse(made.body);
  assert.deepEqual(
    [budget.timeZone, budget.refuses, budget.spent, budget.periodStart, budget.periodEnd],
    ["UTC", false, 0, "2026-11-01T00:00:00.000Z", "2026-12-01T00:00:00.000Z"],
  );
  const path = made.headers.get("location") as string;
  assert.deepEqual((await http.call("GET", path)).body, budget);
  const fields = {
    limit: { amount: 20, currency: "USD" },
    period: "day",
    timeZone: "Asia/Tokyo",
    agentId: ada,
  };
  const edited = (await http.call("PATCH", path, fields)).body;
  assert.deepEqual(
    [edited.limit, edited.periodStart, edited.agentId],
    [fields.limit, "2026-11-22T15:00:00.000Z", ada],
  );
  assert.equal((await http.call("PATCH", path, { agentId: null })).body.agentId, undefined);
  assert.deepEqual((await http.call("GET", "/api/budgets")).body.items.length, 1);
  assert.equal((await http.call("DELETE", path)).status, 204);
  for (const method of ["GET", "DELETE"]) assert.equal((await http.call(method, path)).status, 404);
  assert.equal((await http.call("PATCH", path, {})).status, 404);
});

test("what makes no budget is refused in words", async () => {
  for (const [fields, path] of [
    [{ limit: LIMIT, period: "week" }, "period"],
    [{ limit: { tokens: 0 }, period: "day" }, "limit.tokens"],
    [{ limit: { amount: 5 }, period: "day" }, "limit"],
    [{ limit: { amount: 5, currency: "USD", tokens: 5 }, period: "day" }, "limit"],
    [{ limit: LIMIT, period: "day", timeZone: "Mars/Olympus" }, "timeZone"],
  ] as const) {
    const { status, body } = await http.call("POST", "/api/budgets", { name: "Bad", ...fields });
    assert.equal(status, 400, JSON.stringify(fields));
    assert.equal(body.errors[0].path, path);
  }
});

test("used up, a budget that refuses lets nothing new begin, and what runs goes on", async () => {
  const fields = { name: "Docs", limit: LIMIT, period: "day", tag: "docs", refuses: true };
  const { id } = (await http.call("POST", "/api/budgets", fields)).body;
  const [first, running, review] = [
    await task({ tags: ["docs"] }),
    await task({ tags: ["docs"] }),
    await task({ tags: ["docs"], requiresReview: true }),
  ];
  for (const one of [first, running, review]) assert.equal((await dispatch(one)).status, 200);
  await http.store.change(callback(review, ada, { type: "complete", tokens: 1 }));
  await http.store.change(callback(first, ada, { type: "complete", tokens: 99 }));
  const refused = await dispatch(await task({ tags: ["docs"] }));
  assert.equal(refused.status, 409);
  assert.match(
    refused.body.detail,
    /^The budget "Docs" of 100 tokens a day is used up: 100 tokens spent\. It begins anew at 2026-11-24T00:00:00\.000Z; .* raise its limit/,
  );
  const back = await http.call("POST", `/api/tasks/${review}/reject`, { feedback: "Again" });
  assert.deepEqual([back.status, back.body.detail], [409, refused.body.detail]);
  assert.equal((await http.call("POST", `/api/tasks/${review}/approve`)).status, 200);
  assert.equal((await dispatch(await task())).status, 200, "what it does not cover goes on");
  await http.store.change(callback(running, ada, { type: "complete", tokens: 5 }));
  assert.equal((await http.call("GET", `/api/tasks/${running}`)).body.status, "completed");
  const { spent, unknown } = (await http.call("GET", `/api/budgets/${id}`)).body;
  assert.deepEqual([spent, unknown], [105, 0]);

  const waiting = await task({ tags: ["docs"] });
  assert.equal((await dispatch(waiting)).status, 409);
  await http.call("PATCH", `/api/budgets/${id}`, { limit: { tokens: 1000 } });
  assert.equal((await dispatch(waiting)).status, 200, "its limit was raised");
  await http.call("PATCH", `/api/budgets/${id}`, { limit: LIMIT });
  const tomorrow = await task({ tags: ["docs"] });
  assert.equal((await dispatch(tomorrow)).status, 409);
  http.clock.advance(24 * 3600_000);
  assert.equal((await dispatch(tomorrow)).status, 200, "its period began anew");
});
