import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CallbackError, createReporter, flush } from "@mission-control/agent";
import type { DispatchPayload } from "@mission-control/protocol";
import { AgentDouble } from "../../../server/test/support/server-process.ts";
import { CuttingProxy } from "../../test/cutting-proxy.ts";
import { TestServer } from "../../test/test-server.ts";

let server: TestServer;
let agent: AgentDouble;
let agentId: string;
let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "mission-control-artifacts-"));
  server = await TestServer.start();
  agent = await AgentDouble.start();
  const endpoint = { kind: "http", url: agent.url };
  ({ id: agentId } = await server.api("POST", "/api/agents", { name: "agent", concurrency: 10, endpoint }));
});
after(async () => {
  await agent.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

async function dispatched(): Promise<DispatchPayload> {
  const { id } = await server.api("POST", "/api/tasks", { title: "Build" });
  await server.api("POST", `/api/tasks/${id}/dispatch`, { agentId });
  return agent.payloads.at(-1) as DispatchPayload;
}

async function namesOf({ task }: DispatchPayload): Promise<string[]> {
  const { items } = await server.api("GET", `/api/tasks/${task.id}/artifacts`);
  return items.map(({ name, size }: { name: string; size: number }) => `${name} ${size}`);
}

test("artifacts of any size are left by the SDK and by report, in order, listed and downloaded", async () => {
  const dispatch = await dispatched();
  const spool = join(folder, "spool");
  const reporter = createReporter({ dispatch, spool });
  const large = randomBytes(1_500_000);
  const file = join(folder, "large.bin");
  writeFileSync(file, large);
  const [small, , uploaded, , done] = await Promise.all([
    reporter.artifact({ name: "notes.md", content: "# Notes\n" }),
    reporter.artifact({ name: "bytes", content: randomBytes(1000) }),
    reporter.artifact({ name: "größe.bin", path: file }),
    reporter.artifact({ name: "text.txt", content: "x".repeat(400_000) }),
    reporter.complete("done"),
  ]);
  assert.deepEqual([small.outcome, uploaded.outcome, done.outcome], ["stored", "stored", "stored"]);
  await reporter.close();
  assert.deepEqual(readdirSync(join(spool, "artifacts")), [], "copies are gone once they are sent");
  const unsent = createReporter({ dispatch, spool, onFailure: () => {} });
  const tooLate = { name: "late.txt", content: "x".repeat(400_000) };
  await assert.rejects(unsent.artifact(tooLate, { signal: AbortSignal.abort() }), { code: "aborted" });
  await unsent.close();
  await assert.rejects(unsent.artifact(tooLate), { code: "closed" });
  assert.deepEqual(readdirSync(join(spool, "artifacts")), [], "and those of what was not sent");
  assert.deepEqual(await namesOf(dispatch), [
    "notes.md 8",
    "bytes 1000",
    "größe.bin 1500000",
    "text.txt 400000",
  ]);
  const { id } = dispatch.task;
  const listed = await server.run("artifacts", id);
  assert.match(listed.stdout, /artifact_\w+ +8 B +text\/markdown +notes\.md\n/);
  assert.match(listed.stdout, /1\.5 MB +application\/octet-stream +größe\.bin\n/);
  const target = join(folder, "saved.bin");
  const saved = await server.run("artifacts", id, "--get", "größe.bin", "-o", target);
  assert.equal(saved.code, 0, saved.stderr);
  assert.deepEqual(readFileSync(target), large);
  const shown = await server.run("artifacts", id, "--get", "notes.md", "-o", "-");
  assert.equal(shown.stdout, "# Notes\n");
  const missing = await server.run("artifacts", id, "--get", "other");
  assert.deepEqual([missing.code, missing.stderr.includes("notes.md, bytes")], [1, true]);
});

test("a log-in page in place of an artifact is not saved as one", async (t) => {
  const dispatch = await dispatched();
  const reporter = createReporter({ dispatch, spool: false });
  await reporter.artifact({ name: "notes.md", content: "# Notes\n" });
  await reporter.close();
  const portal = createServer(async (request, response) => {
    if (/artifacts\/artifact_/.test(request.url ?? "")) return void response.end("<h1>Log in</h1>");
    const { authorization = "" } = request.headers;
    const answer = await fetch(server.app.url + request.url, { headers: { authorization } });
    response.writeHead(answer.status).end(await answer.text());
  });
  await once(portal.listen(0, "127.0.0.1"), "listening");
  t.after(() => portal.close());
  const url = `http://127.0.0.1:${(portal.address() as AddressInfo).port}`;
  const saved = readdirSync(folder);
  const words = ["artifacts", dispatch.task.id, "--url", url, "--get", "notes.md", "-o"];
  for (const target of [join(folder, "notes.md"), "-"]) {
    const { code, stderr } = await server.run(...words, target);
    assert.deepEqual(
      [code, stderr],
      [1, 'What came is not the artifact "notes.md": its SHA-256 is another one.\n'],
    );
  }
  assert.deepEqual(readdirSync(folder), saved);
});

test("report leaves a file behind under its own or another name; one that is not there is said to be so", async () => {
  const { callback, task, agent: whom } = await dispatched();
  const flags = [
    "--url",
    callback.url,
    "--secret",
    callback.secret,
    "--task-id",
    task.id,
    "--agent-id",
    whom.id,
  ];
  const file = join(folder, "change.patch");
  writeFileSync(file, "+ new\n");
  const plain = await server.run("report", "artifact", file, ...flags, "--no-spool");
  assert.equal(plain.stdout, "Reported; the task is in_progress.\n", plain.stderr);
  const named = ["--name", "page.html", "--type", "text/html", "--json", "--no-spool"];
  assert.equal((await server.run("report", "artifact", file, ...flags, ...named)).code, 0);
  const { items } = await server.api("GET", `/api/tasks/${task.id}/artifacts`);
  assert.deepEqual(
    items.map(({ name, mediaType }: Record<string, string>) => `${name} ${mediaType}`),
    ["change.patch text/x-patch", "page.html text/html"],
  );
  const none = await server.run("report", "artifact", join(folder, "none"), ...flags, "--no-spool");
  assert.deepEqual([none.code, /no such file/.test(none.stderr)], [1, true]);
});

test("an upload that did not arrive waits in the spool with its content, and goes out in its turn", async () => {
  const dispatch = await dispatched();
  const spool = join(folder, "kept");
  mkdirSync(spool, { mode: 0o700 });
  const onFailure = () => {};
  const away = { ...dispatch, callback: { ...dispatch.callback } };
  const unreachable = new AbortController();
  const reporter = createReporter({
    dispatch: away,
    spool,
    signal: unreachable.signal,
    onFailure,
    fetch: never,
  });
  const kept = Promise.allSettled([
    reporter.artifact({ name: "large.txt", content: "y".repeat(300_000) }),
    reporter.progress("after it"),
  ]);
  unreachable.abort();
  await kept;
  await reporter.close();
  assert.equal(readdirSync(join(spool, "artifacts")).length, 1);
  const flushed = await flush({ spool });
  assert.deepEqual(flushed.data, { ok: true, delivered: 2, refused: [], waiting: [], broken: [] });
  assert.deepEqual(await namesOf(dispatch), ["large.txt 300000"]);
  assert.deepEqual(readdirSync(join(spool, "artifacts")), []);
});

test("an upload over a line that is cut goes on where it stopped, by the SDK and by report", async (context) => {
  const proxy = await CuttingProxy.start(server.app.url);
  context.after(() => proxy.close());
  const dispatch = await dispatched();
  const url = proxy.through(dispatch.callback.url);
  const reporter = createReporter({
    dispatch: { ...dispatch, callback: { ...dispatch.callback, url } },
    spool: false,
    random: () => 0,
  });
  const bytes = randomBytes(6_000_000);
  const file = join(folder, "cut.bin");
  writeFileSync(file, bytes);
  proxy.cuts.push(2_500_000, 2_500_000);
  assert.equal((await reporter.artifact({ name: "cut.bin", path: file })).outcome, "stored");
  await reporter.close();
  assert.equal(proxy.cuts.length, 0);
  // What was on the line when it was cut is sent twice, and no more.
  assert.ok(proxy.sent < 9_000_000, `${proxy.sent} bytes were sent`);

  const again = randomBytes(6_000_000);
  writeFileSync(file, again);
  proxy.sent = 0;
  proxy.cuts.push(4_000_000);
  const { callback, task, agent: whom } = dispatch;
  const flags = ["--url", url, "--secret", callback.secret, "--task-id", task.id, "--agent-id", whom.id];
  const reported = await server.run("report", "artifact", file, "--name", "again.bin", ...flags);
  assert.equal(reported.code, 0, reported.stderr);
  assert.ok(proxy.sent < 8_000_000, `${proxy.sent} bytes were sent`);
  for (const [name, content] of [
    ["cut.bin", bytes],
    ["again.bin", again],
  ] as const) {
    const target = join(folder, `saved-${name}`);
    assert.equal((await server.run("artifacts", task.id, "--get", name, "-o", target)).code, 0);
    assert.deepEqual(readFileSync(target), content);
  }
});

test("a file that was changed before it was sent is refused in words, as is one on the shared address", async () => {
  const dispatch = await dispatched();
  const file = join(folder, "changing.bin");
  writeFileSync(file, randomBytes(300_000));
  let hold = true;
  const late: typeof fetch = async (...request) => {
    if (hold) writeFileSync(file, "short");
    hold = false;
    return fetch(...request);
  };
  const reporter = createReporter({ dispatch, spool: false, onFailure: () => {}, fetch: late });
  const first = reporter.progress("before it");
  const refused = assert.rejects(
    reporter.artifact({ name: "changing.bin", path: file }),
    (error: unknown) => {
      assert.ok(error instanceof CallbackError && error.code === "refused");
      assert.match(error.message, /was changed since/);
      return true;
    },
  );
  await Promise.all([first, refused]);
  await reporter.close();
  const { origin } = new URL(dispatch.callback.url);
  const shared = createReporter({
    url: `${origin}/api/webhooks/callback`,
    secret: "a shared secret of enough length",
    taskId: dispatch.task.id,
    agentId,
    spool: false,
    onFailure: () => {},
  });
  const large = { name: "large", content: "z".repeat(300_000) };
  await assert.rejects(shared.artifact(large), /shared callback URL takes no uploads/);
  await shared.close();
});

const never: typeof fetch = () => Promise.reject(new TypeError("fetch failed"));
