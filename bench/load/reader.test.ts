import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { Histogram } from "../measure/histogram.ts";
import { Reader } from "./reader.ts";
import { Transcript } from "./transcript.ts";

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
const event = (id: number) => `id: ${id}\nevent: activity\ndata: {"n":${id}}\n\n`;
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

/** Lets a reader loose on what `answer` writes, until `events` arrived or it failed. */
async function read(
  context: TestContext,
  events: number,
  answer: (socket: Socket, request: string) => void,
  transcript = new Transcript(),
) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (request) => answer(socket, String(request)));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  context.after(() => server.close());
  let resets = 0;
  const done = Promise.withResolvers<void>();
  const reader: Reader = new Reader(
    { port: (server.address() as AddressInfo).port, path: "/", headers: {} },
    transcript,
    new Histogram(),
    {
      onOpen: () => {},
      onReset: () => {
        resets += 1;
      },
      onEvents: () => reader.received >= events && done.resolve(),
      onFailure: (error) => done.reject(error),
    },
  );
  reader.open();
  context.after(() => reader.close());
  await done.promise;
  return { reader, transcript, resets: () => resets };
}

test("events come through however the bytes are cut", async (context) => {
  const body = `${HEAD}\r\nretry: 2000\n\n: hello\n\n${event(1)}${event(2)}: beat\n\n${event(3)}`;
  const { reader, transcript } = await read(context, 3, (socket) => {
    socket.setNoDelay(true);
    let at = 0;
    const next = () => {
      if (at < body.length) socket.write(body.slice(at, ++at), () => setImmediate(next));
    };
    next();
  });
  assert.equal(reader.received, 3);
  assert.equal(transcript.id(2), "3");
});

test("chunks are taken apart, and need not be whole events", async (context) => {
  const text = event(1) + event(2);
  const { reader } = await read(context, 2, (socket) => {
    socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
    for (const part of [text.slice(0, 5), text.slice(5, 40), text.slice(40)]) socket.write(chunk(part));
  });
  assert.equal(reader.received, 2);
});

test("a stream that ends is taken up again after the last id", async (context) => {
  const requests: string[] = [];
  const { reader } = await read(context, 2, (socket, request) => {
    requests.push(request);
    socket.end(`${HEAD}\r\n${event(requests.length)}`);
  });
  assert.equal(reader.received, 2);
  assert.ok(reader.reconnects >= 1);
  assert.match(requests[1] ?? "", /Last-Event-ID: 1\r\n/);
});

test("half an event before a stream breaks off does not count", async (context) => {
  const transcript = new Transcript();
  transcript.append(Buffer.from(event(1) + event(2)));
  let connections = 0;
  const answer = (socket: Socket) => {
    connections += 1;
    if (connections === 1) socket.end(`${HEAD}\r\n${event(1)}${event(2).slice(0, -4)}`);
    else socket.write(`${HEAD}\r\nretry: 2000\n\n${event(2)}`);
  };
  const { reader } = await read(context, 2, answer, transcript);
  assert.equal(reader.received, 2);
});

test("an id that comes twice fails", async (context) => {
  const twice = read(context, 2, (socket) => socket.write(`${HEAD}\r\n${event(1)}${event(1)}`));
  await assert.rejects(twice, /Event id 1 came after 1/);
});

test("a refused stream fails with its answer", async (context) => {
  const refused = read(context, 1, (socket) => socket.end("HTTP/1.1 401 Unauthorized\r\n\r\n"));
  await assert.rejects(refused, /401 Unauthorized/);
});

test("a reset is told, and is no event of the log", async (context) => {
  const reset = 'id: 9\nevent: reset\ndata: {"oldest":5,"newest":9}\n\n';
  const { reader, transcript, resets } = await read(context, 1, (socket) =>
    socket.write(`${HEAD}\r\nretry: 2000\n\n${reset}${event(10)}`),
  );
  assert.equal(reader.received, 1);
  assert.equal(transcript.id(0), "10");
  assert.equal(resets(), 1);
});
