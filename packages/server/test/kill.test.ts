import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  contentDigest,
  type DispatchPayload,
  SIMPLE_SIGNATURE_HEADER,
  signSimple,
  uploadText,
} from "@mission-control/protocol";
import { checkLog } from "./support/log-check.ts";
import { sending } from "./support/sending.ts";
import { AgentDouble, dispatchTasks, ServerProcess } from "./support/server-process.ts";
import { StreamFollower } from "./support/stream-follower.ts";

const KILLS = 20;
const SENDERS = 6;

test("killed at any moment under full load, the server loses nothing it answered for and doubles nothing", async (context) => {
  const server = await ServerProcess.start();
  const agent = await AgentDouble.start();
  const payloads = await dispatchTasks(server, agent, SENDERS);
  const follower = new StreamFollower(server.port, server.token);
  const { senders, answered, end } = sending(context, payloads);
  context.after(async () => {
    await follower.close();
    await server.close();
    await agent.close();
  });

  for (let kill = 0; kill < KILLS; kill++) {
    await answered(1 + Math.floor(Math.random() * 120));
    await server.end("SIGKILL");
    await server.restart();
  }
  await answered(50);
  await end();

  const ids = await checkLog(server, senders);

  await follower.until(ids.length);
  await follower.close();
  assert.deepEqual(follower.ids, ids, "a client that followed across all restarts has exactly the log");
  assert.ok(follower.connections > KILLS, `it came back ${follower.connections} times`);
  assert.equal(agent.received.length, SENDERS, "no dispatch was sent a second time");
  const { items } = await server.call<{ items: { status: string }[] }>("GET", "/api/tasks");
  assert.deepEqual(
    items.map(({ status }) => status),
    Array(SENDERS).fill("completed"),
  );

  const { code, stderr } = await server.end("SIGTERM");
  assert.equal(code, 0, stderr);
});

test("a message survives a kill before its agent has it, and one after it is delivered again under its id", async (context) => {
  const server = await ServerProcess.start();
  const agent = await AgentDouble.start();
  const port = Number(new URL(agent.url).port);
  let again: AgentDouble | undefined;
  context.after(async () => {
    await server.close();
    await again?.close();
  });
  const [payload] = await dispatchTasks(server, agent, 1);
  const path = `/api/tasks/${payload?.task.id}/messages`;
  const write = (text: string) => server.call<{ id: string }>("POST", path, { text });
  const states = async () =>
    (await server.call<{ items: { text: string; state: string }[] }>("GET", path)).items.map(
      ({ text, state }) => `${text} ${state}`,
    );
  const delivered = async (text: string) => {
    while (!(await states()).includes(`${text} delivered`));
  };
  await agent.close();
  await write("while you were away");
  await server.end("SIGKILL");
  await server.restart();
  assert.deepEqual(await states(), ["while you were away sending"]);
  again = await AgentDouble.start(port);
  await delivered("while you were away");
  const received = () => again?.received.map(({ body }) => JSON.parse(body).text as string);
  assert.deepEqual(received(), ["while you were away"]);

  // The agent has it with its file, and the server dies before it hears so.
  const held = again.holdNext();
  const content = randomBytes(200_000).toString("base64");
  const attachments = [{ name: "screen.png", mediaType: "image/png", content }];
  await server.call("POST", path, { text: "twice on the way", attachments });
  await held;
  await server.end("SIGKILL");
  await server.restart();
  await delivered("twice on the way");
  const [, first, second] = again.received.map(({ body }) => JSON.parse(body).id);
  assert.equal(second, first, "its agent knows it again");
  for (const { body } of again.received.slice(1)) {
    assert.deepEqual(JSON.parse(body).attachments, [{ ...attachments[0], size: 200_000 }]);
  }
  assert.equal(again.received.length, 3);
});

test("a message's file survives a kill before its agent has it; where the agent is gone, that is said", async (context) => {
  const server = await ServerProcess.start();
  const agent = await AgentDouble.start();
  const port = Number(new URL(agent.url).port);
  let again: AgentDouble | undefined;
  context.after(async () => {
    await server.close();
    await again?.close();
  });
  const [payload] = await dispatchTasks(server, agent, 1);
  const path = `/api/tasks/${payload?.task.id}/messages`;
  const content = randomBytes(200_000).toString("base64");
  const attachments = [{ name: "screen.png", mediaType: "image/png", content }];
  const write = (text: string) => server.call<{ id: string }>("POST", path, { text, attachments });
  type Kept = { text: string; state: string; reason?: string };
  const became = async (text: string, state: string) => {
    for (;;) {
      const { items } = await server.call<{ items: Kept[] }>("GET", path);
      const found = items.find((message) => message.text === text && message.state === state);
      if (found) return found;
    }
  };
  await agent.close();
  await write("while you were away");
  await server.end("SIGKILL");
  await server.restart();
  again = await AgentDouble.start(port);
  await became("while you were away", "delivered");
  const received = again.received.map(({ body }) => JSON.parse(body).attachments);
  assert.deepEqual(received, [[{ ...attachments[0], size: 200_000 }]], "once, and whole");

  await again.close();
  await write("to nobody");
  await server.end("SIGKILL");
  await server.restart();
  await server.call("POST", `/api/tasks/${payload?.task.id}/force-end`);
  const { reason } = await became("to nobody", "refused");
  assert.match(reason ?? "", /ended before its agent confirmed that it has it/);
});

test("an artifact that was answered for survives a kill, and one that was on its way goes on from what had come", async (context) => {
  const server = await ServerProcess.start();
  const agent = await AgentDouble.start();
  context.after(async () => {
    await server.close();
    await agent.close();
  });
  const [payload] = await dispatchTasks(server, agent, 1);
  assert.ok(payload);
  const bytes = randomBytes(2_000_000);
  const upload = (name: string, body: NonNullable<RequestInit["body"]>) => put(payload, name, bytes, body);
  const first = (await (await upload("whole.bin", bytes)).json()) as object;
  await server.end("SIGKILL");
  await server.restart();
  assert.deepEqual(await (await upload("whole.bin", bytes)).json(), { ...first, duplicate: true });

  const half = new TransformStream<Uint8Array, Uint8Array>();
  const writer = half.writable.getWriter();
  const broken = assert.rejects(upload("half.bin", half.readable));
  for (let written = 0; written < 1_000_000; written += 100_000) {
    await writer.write(bytes.subarray(written, written + 100_000));
  }
  const parts = join(server.folder, "artifacts", "parts");
  const hasCome = () => readdirSync(parts).some((name) => statSync(join(parts, name)).size > 0);
  while (!hasCome()) await new Promise((resolve) => setImmediate(resolve));
  await server.end("SIGKILL");
  await broken;
  await server.restart();
  const { digest, signature } = signed(payload, "half.bin", bytes);
  const asked = await fetch(`${payload.callback.url}/artifacts/half.bin`, {
    method: "HEAD",
    headers: { "Repr-Digest": digest, [SIMPLE_SIGNATURE_HEADER]: signature },
  });
  const offset = Number(asked.headers.get("upload-offset"));
  assert.ok(asked.status === 204 && offset > 0 && offset <= 1_000_000, `it has ${offset} bytes`);
  const range = `bytes ${offset}-${bytes.length - 1}/${bytes.length}`;
  const rest = await fetch(`${payload.callback.url}/artifacts/half.bin`, {
    method: "PUT",
    headers: {
      "Repr-Digest": digest,
      "Content-Range": range,
      [SIMPLE_SIGNATURE_HEADER]: signed(payload, "half.bin", bytes, range).signature,
    },
    body: bytes.subarray(offset),
  });
  assert.equal(rest.status, 200, await rest.text());
  const path = `/api/tasks/${payload.task.id}/artifacts`;
  const { items } = await server.call<{ items: { id: string; name: string }[] }>("GET", path);
  assert.deepEqual(
    items.map(({ name }) => name),
    ["whole.bin", "half.bin"],
  );
  for (const { id } of items) {
    const headers = { Authorization: `Bearer ${server.token}` };
    const response = await fetch(`http://127.0.0.1:${server.port}${path}/${id}`, { headers });
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), bytes);
  }
});

/** The digest of an artifact, and the signature of its upload. */
function signed({ dispatchId, callback }: DispatchPayload, name: string, bytes: Buffer, range?: string) {
  const digest = contentDigest(createHash("sha256").update(bytes).digest());
  return { digest, signature: signSimple(callback.secret, uploadText(dispatchId, name, digest, range)) };
}

/** Uploads an artifact of a dispatch. */
function put(payload: DispatchPayload, name: string, bytes: Buffer, body: NonNullable<RequestInit["body"]>) {
  const { callback } = payload;
  const { digest, signature } = signed(payload, name, bytes);
  const headers = { "Content-Digest": digest, [SIMPLE_SIGNATURE_HEADER]: signature };
  const init: RequestInit & { duplex: "half" } = { method: "PUT", headers, body, duplex: "half" };
  return fetch(`${callback.url}/artifacts/${name}`, init);
}
