import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { encodeSse } from "@mission-control/protocol";
import { ApiError } from "./api-client.ts";
import { type Followed, followEvents } from "./event-follower.ts";

const AT = "2026-11-23T10:00:00.000Z";
const frame = (id: number) =>
  encodeSse({
    id,
    event: "task",
    data: JSON.stringify({ id, type: "task", data: {}, timestamp: AT, receivedAt: AT }),
  });
const stream =
  (...frames: string[]) =>
  (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" }).end(`retry: 1\n\n${frames.join("")}`);
  };

/** A server that meets each opening of the stream with the next of its answers. */
async function serve(
  t: { after(done: () => void): void },
  answers: ((q: IncomingMessage, r: ServerResponse) => void)[],
) {
  const opened: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/api/tasks")) {
      response
        .writeHead(200, { "Content-Type": "application/json" })
        .end('{"items":[],"nextCursor":null,"lastEventId":7}');
      return;
    }
    opened.push(request.headers["last-event-id"] as string | undefined);
    const answer = answers.shift();
    if (answer) answer(request, response);
    else response.writeHead(200, { "Content-Type": "text/event-stream" }).write(": open\n\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, opened };
}

/** Follows until `count` things came. */
async function take(
  url: string,
  count: number,
  after?: number,
): Promise<{ followed: Followed[]; retries: string[] }> {
  const stop = new AbortController();
  const retries: string[] = [];
  const followed: Followed[] = [];
  const onRetry = (reason: string) => void retries.push(reason);
  for await (const one of followEvents({
    url,
    headers: {},
    filter: {},
    after,
    signal: stop.signal,
    onRetry,
  })) {
    followed.push(one);
    if (followed.length === count) stop.abort();
  }
  return { followed, retries };
}

const idsOf = (followed: Followed[]) =>
  followed.map((one) => (one.kind === "event" ? one.event.id : "reset"));

test("a stream that ends, breaks or is refused for now is opened again after the last event", async (t) => {
  const { url, opened } = await serve(t, [
    stream(frame(8), frame(9)),
    (request) => request.socket.destroy(),
    (_, response) => void response.writeHead(503, { "Retry-After": "0" }).end(),
    (_, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      // Cut in the middle of a frame: what is not whole has not come.
      response.write(frame(10) + frame(11).slice(0, 20), () => response.destroy());
    },
    stream(frame(11)),
  ]);
  const { followed, retries } = await take(url, 4);
  assert.deepEqual(idsOf(followed), [8, 9, 10, 11]);
  assert.deepEqual(opened, ["7", "9", "9", "9", "10"]);
  assert.equal(retries.length, 4);
});

test("a reset moves on to the newest event", async (t) => {
  const reset = encodeSse({ event: "reset", data: '{"oldest":500,"newest":600}' });
  const { url, opened } = await serve(t, [stream(reset), stream(frame(601))]);
  const { followed } = await take(url, 2, 3);
  assert.deepEqual(idsOf(followed), ["reset", 601]);
  assert.deepEqual(opened, ["3", "600"]);
});

test("a refusal for good is thrown", async (t) => {
  const { url } = await serve(t, [(_, response) => void response.writeHead(400).end('{"detail":"no"}')]);
  await assert.rejects(take(url, 1), (error) => error instanceof ApiError && error.status === 400);
});

test("a stop ends the wait for another connection", async () => {
  const stop = new AbortController();
  const onRetry = () => stop.abort();
  for await (const _ of followEvents({
    url: "http://127.0.0.1:9",
    headers: {},
    filter: {},
    signal: stop.signal,
    onRetry,
  })) {
    assert.fail("nobody is there");
  }
});

test("what is no event stream is said to be that, and tried again", async (t) => {
  const page = (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { "Content-Type": "text/html" }).end("<h1>Back soon</h1>");
  };
  const { url } = await serve(t, [page, stream(frame(8))]);
  const { followed, retries } = await take(url, 1);
  assert.equal(followed.length, 1);
  assert.deepEqual(retries, [`${url} answered something else than Mission Control would: check --url.`]);
});
