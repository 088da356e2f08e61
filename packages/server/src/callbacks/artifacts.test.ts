import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  CALLBACK_PATH,
  contentDigest,
  deriveDispatchSecret,
  SIMPLE_SIGNATURE_HEADER,
  signSimple,
  uploadText,
} from "@mission-control/protocol";
import { CallbackServer, SERVER_KEY, said } from "../../test/support/callback-server.ts";

const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest();

async function open(context: TestContext, ...options: Parameters<typeof CallbackServer.open>) {
  const server = await CallbackServer.open(...options);
  context.after(() => server.close());
  return server;
}

function artifact(fields: Record<string, unknown>): string {
  const told = { name: "change.patch", mediaType: "text/x-patch", content: "+ new\n", ...fields };
  return said({ type: "artifact", artifact: told });
}

async function kept(server: CallbackServer, taskId = "t1") {
  const { items } = await server.store.artifacts(taskId, 0, 100);
  return Promise.all(
    items.map(async ({ name, mediaType, size, sha256: digest }) => {
      const content = await server.contents?.read(digest);
      const bytes: Uint8Array[] = [];
      for await (const piece of content?.bytes ?? []) bytes.push(piece);
      return { name, mediaType, size, content: Buffer.concat(bytes) };
    }),
  );
}

interface Upload {
  name?: string;
  dispatchId?: string;
  digest?: string;
  secret?: string;
  headers?: Record<string, string>;
}

/** The head of an upload, signed as a good client would unless told otherwise. */
function headOf(body: Buffer, { name = "build.zip", dispatchId = "d1", ...more }: Upload = {}): string {
  const digest = more.digest ?? contentDigest(sha256(body));
  const secret = more.secret ?? deriveDispatchSecret(SERVER_KEY, dispatchId);
  const headers = {
    Host: "127.0.0.1",
    "Content-Type": "application/zip",
    "Content-Digest": digest,
    "Content-Length": String(body.length),
    [SIMPLE_SIGNATURE_HEADER]: signSimple(secret, uploadText(dispatchId, name, digest)),
    ...more.headers,
  };
  const lines = Object.entries(headers).map(([field, value]) => `${field}: ${value}\r\n`);
  const path = `${CALLBACK_PATH}/${dispatchId}/artifacts/${encodeURIComponent(name)}`;
  return `PUT ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

async function upload(server: CallbackServer, body: Buffer, options: Upload = {}) {
  const client = await server.client();
  client.write(headOf(body, options), body);
  const response = await client.response();
  client.close();
  return { ...response, json: JSON.parse(response.body) as Record<string, unknown> };
}

test("an artifact inside a callback is kept, as text or base64, and told with its digest", async (context) => {
  const server = await open(context);
  const first = await server.send({
    body: artifact({ sha256: sha256("+ new\n").toString("hex").toUpperCase() }),
  });
  assert.equal(first.status, 200, first.body);
  const bytes = randomBytes(1000);
  const more = { name: "a.bin", mediaType: null, encoding: "base64", content: bytes.toString("base64") };
  const second = await server.send({ id: "msg_2", body: artifact(more) });
  assert.deepEqual([second.status, second.json.taskStatus], [200, "in_progress"]);
  const again = await server.send({ id: "msg_2", body: artifact(more) });
  assert.deepEqual([again.json.duplicate, again.json.eventId], [true, second.json.eventId]);
  assert.deepEqual(await kept(server), [
    { name: "change.patch", mediaType: "text/x-patch", size: 6, content: Buffer.from("+ new\n") },
    { name: "a.bin", mediaType: "application/octet-stream", size: 1000, content: bytes },
  ]);
});

test("an artifact that is not what it is said to be is refused with the place, and nothing is told", async (context) => {
  const server = await open(context);
  const before = await server.newest;
  for (const [fields, path] of [
    [{ sha256: "0".repeat(64) }, "artifact.sha256"],
    [{ sha256: "abc" }, "artifact.sha256"],
    [{ encoding: "base64", content: "not base64!" }, "artifact.content"],
    [{ encoding: "hex" }, "artifact.encoding"],
    [{ name: "../../etc/passwd" }, "artifact.name"],
    [{ name: ".." }, "artifact.name"],
    [{ name: "a\u0000b" }, "artifact.name"],
    [{ mediaType: "text" }, "artifact.mediaType"],
  ] as const) {
    const { status, json } = await server.send({ body: artifact(fields) });
    assert.equal(status, 400, JSON.stringify(fields));
    assert.equal((json.errors as { path: string }[])[0]?.path, path);
  }
  assert.equal(await server.newest, before);
  assert.deepEqual(await kept(server), []);
});

test("a larger artifact is uploaded, and a repeat is answered as the first was, without its bytes", async (context) => {
  const server = await open(context);
  const bytes = randomBytes(3_000_000);
  const name = "Bericht – «é».zip";
  const first = await upload(server, bytes, { name });
  assert.equal(first.status, 200, first.body);
  assert.equal(first.json.duplicate, false);
  assert.deepEqual(await kept(server), [
    { name, mediaType: "application/zip", size: bytes.length, content: bytes },
  ]);
  const client = await server.client();
  client.write(headOf(bytes, { name }), bytes.subarray(0, 10));
  const again = JSON.parse((await client.response()).body);
  assert.deepEqual(again, { ...first.json, duplicate: true });
  const chunked = await server.client();
  const head = headOf(bytes, { name: "chunked" }).replace(
    /Content-Length: \d+/,
    "Transfer-Encoding: chunked",
  );
  chunked.write(head, `${bytes.length.toString(16)}\r\n`, bytes, "\r\n0\r\n\r\n");
  assert.equal((await chunked.response()).status, 200);
  assert.deepEqual(server.counted, ["stored", "duplicate", "stored"]);
});

test("an upload is verified before a byte of it is read", async (context) => {
  const server = await open(context);
  const body = Buffer.from("content");
  const refused: [Upload, number][] = [
    [{ secret: deriveDispatchSecret(SERVER_KEY, "d2") }, 401],
    [{ headers: { [SIMPLE_SIGNATURE_HEADER]: "sha256=00" } }, 401],
    [{ dispatchId: "d9" }, 404],
    [{ digest: "md5=:AAAA:" }, 400],
    [{ digest: "sha-256=:AAAA:" }, 400],
    [{ name: "a/b" }, 400],
    [{ headers: { "Content-Type": "zip" } }, 400],
    [{ headers: { "Content-Encoding": "gzip" } }, 415],
    [{ headers: { "Content-Length": String(200 * 1024 * 1024) } }, 413],
  ];
  for (const [options, status] of refused) {
    const client = await server.client();
    client.write(headOf(body, options));
    assert.equal((await client.response()).status, status, JSON.stringify(options));
    client.close();
  }
  assert.deepEqual(await kept(server), []);
});

test("an upload whose bytes are others than it promised is refused, and one that breaks off is nothing", async (context) => {
  const server = await open(context);
  const body = randomBytes(100_000);
  const other = await upload(server, body, { digest: contentDigest(sha256("other")) });
  assert.equal(other.status, 400);
  assert.match(String(other.json.detail), /SHA-256 of what came/);
  const client = await server.client();
  client.write(headOf(body), body.subarray(0, 1000));
  const incoming = join(server.folder, "artifacts", "incoming");
  while (readdirSync(incoming).length === 0) await new Promise((resolve) => setImmediate(resolve));
  client.close();
  while (readdirSync(incoming).length > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(await kept(server), []);
  assert.equal((await upload(server, body)).status, 200);
});

test("what is uploaded too slowly is given up", async (context) => {
  const server = await open(context, {}, { pieceBytes: 5000, pieceMs: 1 });
  const body = randomBytes(100_000);
  const client = await server.client();
  client.write(headOf(body), body.subarray(0, 100));
  const { status, headers } = await client.response();
  assert.deepEqual([status, headers.get("retry-after")], [408, "1"]);
  assert.deepEqual(server.limited, ["body_rate"]);
});

test("what comes when the dispatch is over is late: recorded once, and not kept", async (context) => {
  const server = await open(context);
  await server.send({ body: said({ type: "complete" }) });
  const before = await server.newest;
  const inline = await server.send({ id: "msg_2", body: artifact({}) });
  const client = await server.client();
  const body = randomBytes(1000);
  client.write(headOf(body));
  const uploaded = await client.response();
  assert.deepEqual([inline.status, uploaded.status], [409, 409]);
  const again = await upload(server, body);
  assert.deepEqual([again.status, again.json.duplicate], [409, true]);
  const { items } = await server.store.taskEvents("t1", before, 10);
  assert.deepEqual(
    items.map(({ type, message, data }) => [type, message, data.callbackType]),
    [
      ["activity", "on it", "artifact"],
      ["activity", "build.zip", "artifact"],
    ],
  );
  assert.deepEqual(await kept(server), []);
});

test("no dispatch leaves more artifacts than it may, and all together take no more room than they may", async (context) => {
  const server = await open(context, { limitArtifactsTotalMib: 1 }, {}, { artifacts: 2 });
  for (const id of ["1", "2"]) {
    assert.equal((await server.send({ id, body: artifact({ content: id }) })).status, 200);
  }
  const third = await server.send({ id: "3", body: artifact({}) });
  assert.deepEqual([third.status, third.headers.get("retry-after")], [429, "60"]);
  assert.match(String(third.json.detail), /has left 2 artifacts/);
  const large = await upload(server, randomBytes(2_000_000));
  assert.deepEqual([large.status, large.headers.get("retry-after")], [507, "60"]);
  assert.match(String(large.json.detail), /1 MiB.*delete tasks/);
  assert.equal((await server.send({ id: "4", body: said() })).status, 200, "callbacks go on");
  assert.deepEqual(server.limited, ["artifacts", "artifact_bytes"]);
});
