import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { becomePage, type PageGlobals } from "../../test/support/page-globals.ts";
import { text } from "../text/text.ts";
import { type ApiError, isTemporary } from "./api-error.ts";
import { ApiClient } from "./client.ts";
import { forgetSessionKey, keepSessionKey } from "./session-key.ts";

let server: Server;
let url: string;
let page: PageGlobals;
let api: ApiClient;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let signedOut: number;
let dates: (string | null)[];
beforeEach(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  page = becomePage(`${url}/mission/`, "/mission");
  signedOut = 0;
  dates = [];
  api = new ApiClient({
    onAnswer: (date, sentAt, receivedAt) => {
      assert.ok(receivedAt >= sentAt);
      dates.push(date);
    },
    onSignedOut: () => {
      signedOut += 1;
    },
  });
});
afterEach(async () => {
  page.restore();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function problem(status: number, body: object | string) {
  answer = (_, response) => {
    response.writeHead(status, { "content-type": "application/problem+json", "x-request-id": "req_1" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}

const refusal = async (): Promise<ApiError> => {
  try {
    await api.get("/api/tasks");
  } catch (error) {
    return error as ApiError;
  }
  throw new Error("It was not refused.");
};

test("a call goes under the page's base path, with what it carries", async () => {
  const seen: unknown[] = [];
  answer = async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { "mission-control-session-key": key, "content-type": type, "if-match": match } = request.headers;
    seen.push([request.method, request.url, key, type, match, body]);
    response
      .writeHead(request.method === "DELETE" ? 204 : 200)
      .end(request.method === "POST" ? '{"id":1}' : "");
  };
  keepSessionKey("the key");
  const made = await api.call({
    method: "POST",
    path: "/api/tasks?x=1",
    body: { a: 1 },
    headers: { "If-Match": "2" },
  });
  forgetSessionKey();
  assert.deepEqual(made, { id: 1 });
  assert.equal(await api.call({ method: "DELETE", path: "/api/tasks/1" }), undefined);
  assert.equal(await api.get("/api/nothing"), undefined, "an answer without a body");
  assert.deepEqual(seen, [
    ["POST", "/mission/api/tasks?x=1", "the key", "application/json", "2", '{"a":1}'],
    ["DELETE", "/mission/api/tasks/1", undefined, undefined, undefined, ""],
    ["GET", "/mission/api/nothing", undefined, undefined, undefined, ""],
  ]);
  assert.equal(dates.length, 3);
  assert.ok(dates.every((date) => date !== null));
});

test("a refusal says which fields are wrong, else what the server says, else its status", async () => {
  const errors = [
    { path: "title", message: "is missing" },
    { path: "", message: "no JSON" },
  ];
  problem(400, { title: "Bad Request", status: 400, detail: "The request is not valid.", errors });
  const wrong = await refusal();
  assert.deepEqual(
    [wrong.message, wrong.status, wrong.requestId],
    ["title: is missing; no JSON", 400, "req_1"],
  );
  problem(409, { title: "Conflict", status: 409, detail: "The task is being worked on." });
  assert.equal((await refusal()).message, "The task is being worked on.");
  problem(403, { title: "Forbidden", status: 403 });
  assert.equal((await refusal()).message, "Forbidden");
  for (const body of ["<html>Bad gateway</html>", "", '{"unexpected":true}']) {
    problem(502, body);
    const broken = await refusal();
    assert.deepEqual([broken.message, broken.status], [text.error.status(502), 502], body);
  }
});

test("only a 401 says that the session is over", async () => {
  for (const status of [400, 403, 404, 429, 500, 503]) {
    problem(status, { title: "x", status });
    await refusal();
  }
  assert.equal(signedOut, 0);
  problem(401, { title: "Unauthorized", status: 401 });
  await refusal();
  assert.equal(signedOut, 1);
});

test("what may help when it is tried again: no answer, too many requests, a server that cannot now or is not found", async () => {
  const temporary = [];
  for (const status of [400, 401, 404, 409, 429, 500, 502, 503, 504]) {
    problem(status, { title: "x", status });
    if (isTemporary(await refusal())) temporary.push(status);
  }
  assert.deepEqual(temporary, [429, 502, 503, 504]);
  answer = (request) => request.socket.destroy();
  const unreachable = await refusal();
  assert.deepEqual([unreachable.message, unreachable.status], [text.error.unreachable, 0]);
  assert.ok(isTemporary(unreachable));
  assert.equal(isTemporary(new Error("a fault of ours")), false);
});

test("a call that is given up is no failure of the server", async () => {
  const arrived = Promise.withResolvers<void>();
  answer = () => arrived.resolve();
  const controller = new AbortController();
  const call = api.get("/api/tasks", controller.signal);
  await arrived.promise;
  controller.abort();
  await assert.rejects(call, { name: "AbortError" });
  assert.equal(dates.length, 0);
});
