import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { type HttpFixture, startHttp } from "../../test/http-fixture.ts";

let http: HttpFixture;
before(async () => {
  http = await startHttp();
});
after(() => http.close());

test("the document is valid OpenAPI 3.1", async () => {
  const { status, body } = await http.call("GET", "/api/openapi.json");
  assert.equal(status, 200);
  const validator = new Validator();
  const result = await validator.validate(body);
  assert.deepEqual(result.errors ?? [], []);
  assert.equal(validator.version, "3.1");
});

test("every reference in the document leads somewhere", async () => {
  const { body } = await http.call("GET", "/api/openapi.json");
  const references = JSON.stringify(body).matchAll(/"\$ref":"([^"]+)"/g);
  let count = 0;
  for (const [, reference = ""] of references) {
    let target = body;
    for (const part of reference.replace(/^#\//, "").split("/")) target = target?.[part];
    assert.ok(target, reference);
    count++;
  }
  assert.ok(count > 20);
});

test("every call of the contract is described", async () => {
  const { body } = await http.call("GET", "/api/openapi.json");
  const described = Object.entries(body.paths).flatMap(([path, item]) =>
    Object.keys(item as object).map((method) => `${method.toUpperCase()} ${path}`),
  );
  for (const expected of CONTRACT) assert.ok(described.includes(expected), expected);
});

test("generated clients find the server, and a name for each call", async (t) => {
  const { body } = await http.call("GET", "/api/openapi.json");
  assert.deepEqual(body.servers, [{ url: "/" }]);
  const operations = Object.values<Record<string, { operationId?: string }>>(body.paths).flatMap((path) =>
    Object.values(path),
  );
  const names = operations.map(({ operationId }) => operationId ?? "");
  for (const name of names) assert.match(name, /^[a-z][A-Za-z]+$/);
  assert.equal(new Set(names).size, names.length);
  const publicUrl = "https://mc.example/mission";
  const below = await startHttp({ publicUrl });
  t.after(() => below.close());
  assert.deepEqual((await below.call("GET", "/api/openapi.json")).body.servers, [{ url: publicUrl }]);
});

const CONTRACT = [
  "POST /api/agents",
  "GET /api/agents",
  "GET /api/agents/{id}",
  "PATCH /api/agents/{id}",
  "POST /api/agents/{id}/rotate",
  "DELETE /api/agents/{id}",
  "POST /api/tasks",
  "GET /api/tasks",
  "GET /api/tasks/{id}",
  "GET /api/tasks/counts",
  "PATCH /api/tasks/{id}",
  "DELETE /api/tasks/{id}",
  "POST /api/tasks/{id}/dispatch",
  "POST /api/tasks/{id}/permissions/{requestId}",
  "POST /api/tasks/{id}/cancel",
  "POST /api/tasks/{id}/approve",
  "POST /api/tasks/{id}/reject",
  "GET /api/tasks/{id}/events",
  "GET /api/tasks/{id}/transcript",
  "GET /api/events/history",
  "GET /api/insights",
  "GET /api/events",
  "GET /api/gateways",
  "POST /api/gateways",
  "DELETE /api/gateways/{id}",
  "GET /api/gateways/{id}/agents",
  "GET /api/views",
  "POST /api/views",
  "PATCH /api/views/{id}",
  "DELETE /api/views/{id}",
  "POST /api/webhooks/callback",
  "POST /api/webhooks/callback/{dispatchId}",
  "GET /healthz",
  "GET /readyz",
  "GET /metrics",
];
