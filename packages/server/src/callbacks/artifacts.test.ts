import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
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
import type { RawResponse } from "../../test/support/raw-client.ts";

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
function headOf(body: Buffer, options: Upload = {}): string {
  return textOf("PUT", options, headersOf(body, options));
}

function headersOf(body: Buffer, { name = "build.zip", dispatchId = "d1", ...more }: Upload = {}) {
  const digest = more.digest ?? contentDigest(sha256(body));
  const secret = more.secret ?? deriveDispatchSecret(SERVER_KEY, dispatchId);
  return {
    Host: "127.0.0.1",
    "Content-Type": "application/zip",
    "Content-Digest": digest,
    "Content-Length": String(body.length),
    [SIMPLE_SIGNATURE_HEADER]: signSimple(secret, uploadText(dispatchId, name, digest)),
    ...more.headers,
  };
}

function textOf(
  method: string,
  { name = "build.zip", dispatchId = "d1" }: Upload,
  headers: Record<string, string | undefined>,
): string {
  const told = Object.entries(headers).filter(([, value]) => value !== undefined);
  const lines = told.map(([field, value]) => `${field}: ${value}\r\n`);
  const path = `${CALLBACK_PATH}/${dispatchId}/artifacts/${encodeURIComponent(name)}`;
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
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
    assert.ok(String(json.detail).includes(`: ${path}: `), String(json.detail));
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

test("an upload whose bytes are others than it promised is refused, and one that breaks off is no artifact", async (context) => {
  const server = await open(context);
  const body = randomBytes(100_000);
  const other = await upload(server, body, { digest: contentDigest(sha256("other")) });
  assert.equal(other.status, 400);
  assert.match(String(other.json.detail), /SHA-256 of what came/);
  const client = await server.client();
  client.write(headOf(body), body.subarray(0, 1000));
  await hasCome(server, 1000);
  client.close();
  await isCut(server, body, 1000);
  assert.deepEqual(await kept(server), []);
  assert.equal((await upload(server, body)).status, 200);
  assert.deepEqual(parts(server), []);
});

const parts = (server: CallbackServer) => readdirSync(join(server.folder, "artifacts", "parts"));

/** Resolves when so many bytes of the one upload under way are written. */
async function hasCome(server: CallbackServer, bytes: number): Promise<void> {
  const folder = join(server.folder, "artifacts", "parts");
  const written = () => readdirSync(folder).some((name) => statSync(join(folder, name)).size >= bytes);
  while (!written()) await new Promise((resolve) => setImmediate(resolve));
}

/** Asks how far an upload is, as a good client would. */
async function offsetOf(server: CallbackServer, body: Buffer, options: Upload = {}): Promise<RawResponse> {
  const client = await server.client();
  const { "Content-Digest": digest, ...headers } = headersOf(body, options);
  client.write(textOf("HEAD", options, { ...headers, "Repr-Digest": digest, "Content-Length": undefined }));
  const response = await client.response();
  client.close();
  return response;
}

/** Resolves when the server tells that it has so many bytes of an upload. */
async function isCut(server: CallbackServer, body: Buffer, bytes: number, options: Upload = {}) {
  const { status, headers } = await offsetOf(server, body, options);
  assert.deepEqual(
    [status, headers.get("upload-offset"), headers.get("upload-complete")],
    [204, String(bytes), "?0"],
  );
}

/** The rest of an upload, from `first` on. */
function restOf(body: Buffer, first: number, { headers, ...options }: Upload = {}): string {
  const digest = contentDigest(sha256(body));
  const { name = "build.zip", dispatchId = "d1" } = options;
  const range = `bytes ${first}-${body.length - 1}/${body.length}`;
  const text = uploadText(dispatchId, name, digest, range);
  return textOf("PUT", options, {
    ...headersOf(body, options),
    "Content-Digest": undefined,
    "Repr-Digest": digest,
    "Content-Range": range,
    "Content-Length": String(body.length - first),
    [SIMPLE_SIGNATURE_HEADER]: signSimple(deriveDispatchSecret(SERVER_KEY, dispatchId), text),
    ...headers,
  });
}

async function goOn(server: CallbackServer, body: Buffer, first: number, options: Upload = {}) {
  const client = await server.client();
  client.write(restOf(body, first, options), body.subarray(first));
  const response = await client.response();
  client.close();
  return response;
}

test("an upload that was cut off goes on where it stopped, also after a restart, and no other one does", async (context) => {
  const server = await open(context);
  const body = randomBytes(1_000_000);
  await isCut(server, body, 0);
  const cut = await server.client();
  cut.write(headOf(body), body.subarray(0, 600_000));
  await hasCome(server, 600_000);
  cut.close();
  await server.restartContents();
  await isCut(server, body, 600_000);
  const others = { owner: "d2", sha256: sha256(body).toString("hex") };
  assert.equal(await server.contents?.offset(others), 0, "it is the dispatch's own");
  const elsewhere = await goOn(server, body, 500_000);
  assert.deepEqual([elsewhere.status, elsewhere.headers.get("upload-offset")], [409, "600000"]);
  const rest = await goOn(server, body, 600_000);
  assert.equal(rest.status, 200, rest.body);
  assert.deepEqual(await kept(server), [
    { name: "build.zip", mediaType: "application/zip", size: body.length, content: body },
  ]);
  assert.deepEqual(parts(server), []);
  const again = await goOn(server, body, 600_000);
  assert.deepEqual(JSON.parse(again.body), { ...JSON.parse(rest.body), duplicate: true });
});

test("who asks how far an upload is ends the connection that was half open, and it goes on from there", async (context) => {
  const server = await open(context);
  const body = randomBytes(300_000);
  const hanging = await server.client();
  hanging.write(headOf(body), body.subarray(0, 100_000));
  await hasCome(server, 100_000);
  await isCut(server, body, 100_000);
  assert.equal((await hanging.response()).status, 503);
  assert.equal((await goOn(server, body, 100_000)).status, 200);
});

test("what goes on is verified with its range before a byte is read, and has to reach to the end", async (context) => {
  const server = await open(context);
  const body = randomBytes(2000);
  const cut = await server.client();
  cut.write(headOf(body), body.subarray(0, 1000));
  await hasCome(server, 1000);
  cut.close();
  const whole = headersOf(body)[SIMPLE_SIGNATURE_HEADER];
  const signed = (range: string) => ({
    "Content-Range": range,
    [SIMPLE_SIGNATURE_HEADER]: signSimple(
      deriveDispatchSecret(SERVER_KEY, "d1"),
      uploadText("d1", "build.zip", contentDigest(sha256(body)), range),
    ),
  });
  for (const [headers, status] of [
    [{ [SIMPLE_SIGNATURE_HEADER]: whole }, 401],
    [{ "Content-Range": "bytes 999-1999/2000" }, 401],
    [{ "Repr-Digest": contentDigest(sha256("other")) }, 401],
    [signed("bytes 1000-1500/2000"), 400],
    [signed("bytes 1000-1999/*"), 400],
    [signed("bytes 1001-1999/2000"), 400],
  ] as const) {
    assert.equal((await goOn(server, body, 1000, { headers })).status, status, JSON.stringify(headers));
  }
  await isCut(server, body, 1000);
  assert.equal((await goOn(server, body, 1000)).status, 200);
});

test("what goes on with other bytes than those it began with is refused, and begins anew", async (context) => {
  const server = await open(context);
  const body = randomBytes(2000);
  const cut = await server.client();
  cut.write(headOf(body), randomBytes(1000));
  await hasCome(server, 1000);
  cut.close();
  await isCut(server, body, 1000);
  assert.equal((await goOn(server, body, 1000)).status, 400);
  await isCut(server, body, 0);
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
