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

test("whatever a client is given has a type, also what agents may write in several ways", async () => {
  const { body } = await http.call("GET", "/api/openapi.json");
  const untyped: string[] = [];
  const look = (schema: unknown, path: string) => {
    if (typeof schema !== "object" || schema === null) return;
    for (const [name, value] of Object.entries(schema)) {
      const isEmpty =
        typeof value === "object" &&
        value !== null &&
        Object.keys(value).every((key) => key === "description");
      if (isEmpty && path.endsWith("/properties")) untyped.push(`${path}/${name}`);
      look(value, `${path}/${name}`);
    }
  };
  look(body, "");
  assert.deepEqual(untyped, []);
  const { options, expiresAt, fields } = body.components.schemas.PermissionRequest.properties;
  assert.equal(options.items.properties.kind.type, "string");
  assert.equal(expiresAt.type, "string");
  assert.equal(body.components.schemas.JsonObject.additionalProperties, true, "anything, not nothing");
  assert.equal(fields.items.properties.required.type, "boolean");
});

test("what is asked for and answered has names, and every answer a description", async () => {
  const { body } = await http.call("GET", "/api/openapi.json");
  const schemas = Object.keys(body.components.schemas);
  for (const name of [
    "Task",
    "TaskStatus",
    "Priority",
    "EventType",
    "CreateTask",
    "Callback",
    "Exchange",
    "Insights",
  ]) {
    assert.ok(schemas.includes(name), name);
  }
  const doubled = schemas.filter((name) => name.endsWith("Input"));
  for (const name of doubled) {
    const given = name.replace(/Input$/, "");
    assert.ok(schemas.includes(given), `${name} is called so beside another`);
    assert.notDeepEqual(body.components.schemas[name], body.components.schemas[given]);
  }
  assert.equal(body.paths["/api/tasks"].post.responses[201].description, "Created");
  assert.doesNotMatch(JSON.stringify(body), /Default Response/);
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
