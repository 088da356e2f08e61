import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { insightsSchema } from "@mission-control/protocol";
import { callback } from "../../test/conformance/engine.ts";
import { type HttpFixture, startHttp } from "../../test/http-fixture.ts";
import { Counter } from "../insights/counting.ts";

const HOUR = 3600_000;

let http: HttpFixture;
let ada: string;
let bob: string;

before(async () => {
  http = await startHttp();
  ada = await agent("Ada");
  bob = await agent("Bob");
  const first = await dispatched(ada, ["docs"]);
  await http.store.change(callback(first, ada, { type: "complete", tokens: 100 }));
  http.clock.advance(30 * HOUR);
  const second = await dispatched(ada, ["docs", "api"], true);
  http.clock.advance(20_000);
  await http.store.change(callback(second, ada, { type: "complete", tokens: 50 }));
  http.clock.advance(60_000);
  assert.equal((await http.call("POST", `/api/tasks/${second}/approve`)).status, 200);
  const third = await dispatched(bob, []);
  await http.store.change(callback(third, bob, { type: "error", message: "No room" }));
});
after(() => http.close());

async function agent(name: string): Promise<string> {
  const endpoint = { kind: "http", url: "http://127.0.0.1:9/" };
  return (await http.call("POST", "/api/agents", { name, endpoint, concurrency: 9 })).body.id;
}

async function dispatched(agentId: string, tags: string[], requiresReview = false): Promise<string> {
  const { id } = (await http.call("POST", "/api/tasks", { title: "A task", tags, requiresReview })).body;
  assert.equal((await http.call("POST", `/api/tasks/${id}/dispatch`, { agentId })).status, 200);
  return id;
}

async function read(query: string) {
  const { status, body } = await http.call("GET", `/api/insights?${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return insightsSchema.parse(body);
}

for (const when of ["before", "after"] as const) {
  test(`the answer is the same ${when} the facts are counted, whatever became of the tasks`, async () => {
    if (when === "after") {
      const { token } = await http.store.lease("insights", new AbortController().signal);
      const counter = new Counter(http.store, token);
      while (await counter.step());
      assert.deepEqual(await http.store.uncountedFacts(1), []);
      for (const { id } of (await http.call("GET", "/api/tasks")).body.items) {
        assert.equal((await http.call("DELETE", `/api/tasks/${id}`)).status, 204);
      }
    }
    const day = await read("");
    assert.deepEqual(day.total.ended, { completed: 1, failed: 1, rejected: 0, lost: 0, cancelled: 0 });
    assert.deepEqual([day.total.inputTokens, day.previous.inputTokens], [50, 100]);
    assert.equal(day.previous.ended.completed, 1);
    assert.ok(Math.abs((day.total.worked?.median ?? 0) / 20_000 - 1) < 0.05);
    assert.ok(Math.abs((day.total.waited?.p90 ?? 0) / 60_000 - 1) < 0.05);
    assert.deepEqual(
      day.agents.map(({ agentId, ended }) => [agentId, ended.completed, ended.failed]).sort(),
      [
        [ada, 1, 0],
        [bob, 0, 1],
      ].sort(),
    );
    assert.deepEqual(day.tags.map(({ tag }) => tag).sort(), ["api", "docs"]);
    assert.deepEqual(
      day.reasons.map(({ reason, count }) => [reason, count]),
      [["No room", 1]],
    );
    assert.equal(day.series.length, 24);
    const days = await read(`hours=72&by=day&timeZone=Asia/Tokyo&tag=docs&agentId=${ada}`);
    assert.equal(days.total.ended.completed, 2);
    assert.deepEqual(
      days.series.filter(({ ended }) => ended.completed > 0).map(({ start }) => start),
      ["2026-11-22T15:00:00.000Z", "2026-11-24T15:00:00.000Z"],
    );
    assert.equal((await read(`agentId=${bob}`)).total.ended.completed, 0);
    assert.deepEqual(
      (await read(`agentId=${bob}`)).agents.map(({ agentId }) => agentId),
      [bob],
    );
  });
}

test("hours that are not kept are refused in words; days of years ago are answered", async () => {
  const { status, body } = await http.call("GET", "/api/insights?hours=9000");
  assert.equal(status, 400);
  assert.match(body.detail, /: by: must be day, as hours are kept for 62 days\.$/);
  assert.equal((await read("hours=9000&by=day")).total.ended.completed, 2);
  assert.equal((await http.call("GET", "/api/insights?timeZone=Nowhere")).status, 400);
  assert.equal((await http.call("GET", "/api/insights?from=yesterday")).status, 400);
});
