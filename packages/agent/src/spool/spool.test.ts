import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import fs, {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CallbackServer } from "../../test/callback-server.ts";
import { FakeClock } from "../../test/fake-clock.ts";
import { createReporter, flush, type ReporterOptions } from "../index.ts";
import { Spool } from "./spool.ts";

let server: CallbackServer;
let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  server = await new CallbackServer().listen();
  folder = mkdtempSync(join(tmpdir(), "mc-spool-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await server.close();
  rmSync(folder, { recursive: true });
});

function reporter(dispatchId = "d1", options: ReporterOptions = {}) {
  return createReporter({
    ...server.target(dispatchId),
    spool: folder,
    random: () => 0,
    onFailure: () => {},
    ...options,
  });
}

/** Starts a reporting process; resolves when it printed `line`. */
async function child(words: string[], line: "queued" | "closed", dispatchId = "d1"): Promise<ChildProcess> {
  const script = fileURLToPath(new URL("../../test/report-in-child.ts", import.meta.url));
  const env = { ...process.env, ...server.environment(dispatchId), SPOOL: folder };
  const started = spawn(process.execPath, ["--conditions=mission-control-source", script, ...words], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(started);
  let output = "";
  started.stdout.on("data", (chunk) => {
    output += chunk;
  });
  while (!output.includes(line)) await once(started.stdout, "data");
  return started;
}

async function kill(process: ChildProcess): Promise<void> {
  const gone = once(process, "exit");
  process.kill("SIGKILL");
  await gone;
}

const segments = () => readdirSync(folder).filter((name) => name !== "seal.key");
const flushAll = () => flush({ spool: folder, env: {}, random: () => 0 });

test("nothing is left behind when all was delivered", async () => {
  const agent = reporter();
  for (let i = 0; i < 10; i++) void agent.progress(`step ${i}`);
  await agent.complete("done");
  assert.deepEqual(segments(), []);
});

test("callbacks survive a killed agent, in order, with their ids; flush delivers them", async () => {
  server.behave = () => "hang";
  await kill(await child(["one", "two", "done"], "queued"));
  assert.equal(segments().length, 1);

  server.behave = () => "ok";
  const hung = server.tries.map((attempt) => attempt.id);
  const result = await flushAll();
  assert.equal(result.exitCode, 0);
  assert.deepEqual(server.words, ["one", "two", "done"]);
  for (const id of hung) assert.equal(server.stored[0]?.id, id);
  assert.deepEqual(segments(), []);
});

test("a killed agent's stored callback is not stored again", async () => {
  server.behave = () => "store-then-reset";
  const agent = await child(["one", "two"], "queued");
  while (server.stored.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await kill(agent);
  server.behave = () => "ok";
  await flushAll();
  assert.deepEqual(server.words, ["one", "two"]);
});

test("the next run of the same dispatch delivers what is left before its own", async () => {
  server.behave = () => "hang";
  await kill(await child(["one", "two"], "queued"));
  server.behave = () => "ok";
  await reporter().complete("done");
  assert.deepEqual(server.words, ["one", "two", "done"]);
});

test("the next run of another dispatch delivers it too, once the server answered", async () => {
  server.behave = () => "hang";
  await kill(await child(["one", "done"], "queued", "old"));
  server.behave = () => "ok";
  const agent = reporter("new");
  await agent.progress("hello");
  await agent.close();
  assert.deepEqual(server.words, ["hello", "one", "done"]);
  assert.deepEqual(segments(), []);
});

test("a whole schedule, a killed agent and a reboot later, the spool delivers", async () => {
  server.behave = () => "reset";
  const clock = new FakeClock();
  server.now = () => clock.now();
  const agent = reporter("d1", { clock });
  const results = await Promise.allSettled([agent.progress("one"), agent.complete("done")]);
  for (const result of results) {
    assert.equal(result.status, "rejected");
    assert.match(result.reason.message, /It is kept in .*free and goes out with the next report/);
  }
  assert.equal(server.tries.length, 7);
  // What a reboot leaves: a file whose owner carries the mark of an earlier boot.
  const [name = ""] = segments();
  renameSync(join(folder, name), join(folder, name.replace(/free$/, `${process.pid}_12345_0badb007`)));
  server.behave = () => "ok";
  server.now = Date.now;
  assert.equal((await flushAll()).exitCode, 0);
  assert.deepEqual(server.words, ["one", "done"]);
});

test("after giving up, the same reporter's next report takes the old ones with it", async () => {
  server.behave = () => "reset";
  const clock = new FakeClock();
  server.now = () => clock.now();
  const agent = reporter("d1", { clock });
  await assert.rejects(agent.progress("one"), { code: "undeliverable" });
  server.behave = () => "ok";
  await agent.complete("done");
  assert.deepEqual(server.words, ["one", "done"]);
  assert.deepEqual(segments(), []);
});

test("several processes report on one dispatch at once, and nothing is lost or doubled", async () => {
  const words = ["a", "b", "c"].map((name) => Array.from({ length: 15 }, (_, i) => `${name}${i}`));
  server.behave = (_, index) => (index % 7 === 3 ? "store-then-reset" : "ok");
  const running = await Promise.all(words.map((list) => child(list, "closed")));
  await Promise.all(running.map((process) => process.exitCode ?? once(process, "exit")));
  assert.deepEqual(server.words.toSorted(), words.flat().toSorted());
  for (const list of words) {
    assert.deepEqual(
      server.words.filter((word) => word[0] === list[0]?.[0]),
      list,
    );
  }
  assert.equal(server.maxInFlight, 1);
  assert.deepEqual(segments(), []);
});

test("several flushes at once deliver each callback once", async () => {
  server.behave = () => "hang";
  for (const id of ["d1", "d2", "d3"]) await kill(await child([`${id} one`, `${id} two`], "queued", id));
  server.behave = () => "ok";
  await Promise.all([flushAll(), flushAll(), flushAll(), flushAll()]);
  assert.equal(server.stored.length, 6);
  for (const id of ["d1", "d2", "d3"]) {
    assert.deepEqual(
      server.words.filter((word) => word.startsWith(id)),
      [`${id} one`, `${id} two`],
    );
  }
  assert.deepEqual(segments(), []);
});

test("flush leaves what a living process is delivering to it, and says so", async () => {
  server.behave = () => "hang";
  await child(["one"], "queued");
  const result = await flushAll();
  assert.equal(result.exitCode, 1);
  assert.match(result.text, /A running process is delivering/);
});

test("a torn last line costs only itself, and is kept to be looked at", async () => {
  server.behave = () => "hang";
  await kill(await child(["one", "two"], "queued"));
  const path = join(folder, segments()[0] ?? "");
  appendFileSync(path, '{"id":"msg_torn","type":"progress","bo');
  server.behave = () => "ok";
  const warnings: string[] = [];
  await reporter("d1", { onWarning: (warning) => warnings.push(warning) }).complete("done");
  assert.deepEqual(server.words, ["one", "two", "done"]);
  assert.match(warnings[0] ?? "", /has 1 line\(s\) that cannot be read; it is kept as .*\.broken\.$/);
  assert.match(readFileSync(join(folder, segments()[0] ?? ""), "utf8"), /msg_torn/);
});

for (const [damage, change] of Object.entries({
  "a line that was changed": (text: string) =>
    text.replace('\\"message\\":\\"two\\"', '\\"message\\":\\"owt\\"'),
  "a line that ran into another": (text: string) => text.replace(/\n(?=[^\n]*two)/, ""),
  "a line of a kind nobody knows": (text: string) => text.replace(/[^\n]*two[^\n]*/, '{"later":true}'),
})) {
  test(`${damage} costs only itself, is kept, and is said until somebody looked`, async () => {
    server.behave = () => "hang";
    await kill(await child(["one", "two", "three"], "queued"));
    const path = join(folder, segments()[0] ?? "");
    const text = readFileSync(path, "utf8");
    const damaged = change(text);
    assert.notEqual(damaged, text);
    writeFileSync(path, damaged);
    server.behave = () => "ok";
    const result = await flushAll();
    assert.equal(result.exitCode, 1);
    assert.match(result.text, /1 line\(s\) that cannot be read; it is kept as .*\.broken/);
    assert.equal(server.words.at(-1), "three");
    assert.ok(!server.words.includes("two") && !server.words.includes("owt"));
    const [broken = "", ...others] = segments();
    assert.match(broken, /\.broken$/);
    assert.deepEqual(others, []);
    assert.equal(readFileSync(join(folder, broken), "utf8"), damaged);
    const again = await flushAll();
    assert.equal(again.exitCode, 1);
    assert.match(again.text, /holds what could not be read: look at it/);
    assert.equal(server.stored.length, new Set(server.words).size);
  });
}

for (const [what, text, words] of [
  ["torn in its first line", '{"v":1,"ur', /cannot be read from its first line on/],
  ["of a newer version", '{"v":3,"shape":"new"}\n{"id":"x"}\n', /newer version \(format 3\)/],
  ["of zeros", "\0\0\0\0", /cannot be read from its first line on/],
] as const) {
  test(`a file ${what} is kept, and said`, async () => {
    const name = "0abcdefgh-0123456789abcdef-01234567";
    writeFileSync(join(folder, `${name}.free`), text);
    const result = await flushAll();
    assert.equal(result.exitCode, 1);
    assert.match(result.text, words);
    assert.deepEqual(segments(), [`${name}.broken`]);
    assert.equal(readFileSync(join(folder, `${name}.broken`), "utf8"), text);
  });
}

test("an empty file holds nothing and goes away", async () => {
  writeFileSync(join(folder, "0abcdefgh-0123456789abcdef-01234567.free"), "");
  assert.equal((await flushAll()).exitCode, 0);
  assert.deepEqual(segments(), []);
});

test("what was kept in the first format, which had no checksums, is delivered", async () => {
  server.behave = () => "hang";
  await kill(await child(["one", "two"], "queued"));
  const path = join(folder, segments()[0] ?? "");
  const lines = readFileSync(path, "utf8").replace('{"v":2,', '{"v":1,').split("\n");
  writeFileSync(path, lines.map((line) => line.slice(17)).join("\n"));
  server.behave = () => "ok";
  assert.equal((await flushAll()).exitCode, 0);
  assert.deepEqual(server.words, ["one", "two"]);
});

test("a key that is damaged is not used: what is reported from then on can be delivered", async () => {
  for (const key of ["seal.key", "seal.2.key"]) writeFileSync(join(folder, key), "");
  server.behave = () => "reset";
  const clock = new FakeClock();
  server.now = () => clock.now();
  await assert.rejects(reporter("d1", { clock }).complete("done"), /It is kept in/);
  server.behave = () => "ok";
  server.now = Date.now;
  assert.equal((await flushAll()).exitCode, 0);
  assert.deepEqual(server.words, ["done"]);
});

test("processes that meet a damaged key at the same time agree on the next one", async () => {
  writeFileSync(join(folder, "seal.key"), "short");
  server.behave = () => "hang";
  const ids = ["d1", "d2", "d3", "d4"];
  const running = await Promise.all(ids.map((id) => child([id], "queued", id)));
  await Promise.all(running.map(kill));
  server.behave = () => "ok";
  assert.equal((await flushAll()).exitCode, 0);
  assert.deepEqual(server.words.toSorted(), ids);
});

/** Begins a file in the spool while functions of `node:fs` are replaced. */
function beginWithMocks(t: TestContext): void {
  syncBuiltinESMExports();
  try {
    new Spool(folder).begin("a", { url: "http://a", secret: "a" }, 1).release();
  } finally {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  }
}

test("a process that begins to report leaves alone what another is writing", (t) => {
  const begin = `import { Spool } from ${JSON.stringify(import.meta.resolve("./spool.ts"))};
    new Spool(${JSON.stringify(folder)}).begin("b", { url: "http://b", secret: "b" }, 1);`;
  const { linkSync } = fs;
  let between = 0;
  t.mock.method(fs, "linkSync", (from: string, to: string) => {
    if (between++ === 0) {
      execFileSync(process.execPath, [
        "--conditions=mission-control-source",
        "--input-type=module-typescript",
        "--eval",
        begin,
      ]);
    }
    linkSync(from, to);
  });
  beginWithMocks(t);
  assert.equal(between, 1);
});

test("an abandoned draft that another process clears away at the same time is no fault", (t) => {
  const draft = join(folder, "000000001-a-b.999999999_1_nowhere~");
  const { readdirSync } = fs;
  t.mock.method(fs, "readdirSync", (path: string) => {
    writeFileSync(draft, "");
    const names = readdirSync(path);
    rmSync(draft);
    return names;
  });
  beginWithMocks(t);
});

test("a folder that others may write to, or that is another user's, is refused in words", async (t) => {
  const spool = join(folder, "spool");
  mkdirSync(spool, { mode: 0o700 });
  const refused = async (words: RegExp) => {
    const warnings: string[] = [];
    const agent = reporter("d1", { spool, onWarning: (warning) => warnings.push(warning) });
    await agent.complete("done");
    await agent.close();
    assert.match(warnings.join("\n"), words);
    const result = await flush({ spool, env: {} });
    assert.equal(result.exitCode, 1);
    assert.match(result.text, words);
    assert.deepEqual(readdirSync(spool), []);
  };
  for (const mode of [0o770, 0o707, 0o1777]) {
    chmodSync(spool, mode);
    await refused(/Others may write to the spool folder .*: run "chmod go-w /);
  }
  chmodSync(spool, 0o700);
  if (process.geteuid?.() !== 0) return t.diagnostic("Left out for want of root: a folder of another user.");
  chownSync(spool, 12345, 12345);
  await refused(/belongs to another user \(12345, not 0\)/);
});

test("a clock that is set back puts nothing new before what is there", async () => {
  server.behave = () => "reset";
  const clock = new FakeClock();
  server.now = () => clock.now();
  await assert.rejects(reporter("d1", { clock }).progress("one"), /It is kept in/);
  clock.time -= 86_400_000;
  server.behave = () => "ok";
  await reporter("d1", { clock }).complete("done");
  assert.deepEqual(server.words, ["one", "done"]);
});

test("files are for this user alone and hold no secret in clear", async () => {
  server.behave = () => "hang";
  await kill(await child(["one"], "queued"));
  const path = join(folder, segments()[0] ?? "");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, "seal.key")).mode & 0o777, 0o600);
  const { secret } = server.target();
  assert.ok(!readFileSync(path, "utf8").includes(secret.slice("whsec_".length, -2)));
});

test("without the key the callbacks wait, and flush says why", async () => {
  server.behave = () => "hang";
  await kill(await child(["one"], "queued"));
  writeFileSync(join(folder, "seal.key"), Buffer.alloc(32));
  const result = await flushAll();
  assert.equal(result.exitCode, 1);
  assert.match(result.text, /cannot be opened: .*seal.key is not the key/);
  assert.equal(segments().length, 1);
});

test("the shared secret is never written; flush takes it from the environment", async () => {
  server.behave = () => "reset";
  const target = { ...server.target("callback"), url: `${server.origin}/api/webhooks/callback` };
  const clock = new FakeClock();
  server.now = () => clock.now();
  const agent = createReporter({ ...target, spool: folder, clock, onFailure: () => {} });
  await assert.rejects(agent.complete("done"));
  assert.deepEqual(
    readdirSync(folder).filter((name) => name === "seal.key"),
    [],
  );
  const without = await flushAll();
  assert.match(without.text, /need the shared secret: set MISSION_CONTROL_CALLBACK_SECRET/);
  server.behave = () => "ok";
  server.now = Date.now;
  const env = { MISSION_CONTROL_CALLBACK_SECRET: target.secret };
  assert.equal((await flush({ spool: folder, env, random: () => 0 })).exitCode, 0);
  assert.deepEqual(server.words, ["done"]);
});

test("what the server refuses for good is given up, in words, and the rest goes on", async () => {
  server.behave = () => "hang";
  await kill(await child(["one", "two"], "queued"));
  server.behave = (attempt) =>
    attempt.body.message === "one" ? { status: 404, detail: "No such task." } : "ok";
  const result = await flushAll();
  assert.equal(result.exitCode, 1);
  assert.match(result.text, /refused the progress: HTTP 404: No such task/);
  assert.deepEqual(server.words, ["two"]);
  assert.deepEqual(segments(), []);
});

test("a server that is down keeps everything in place", async () => {
  server.behave = () => "hang";
  await kill(await child(["one", "two"], "queued"));
  server.behave = () => "reset";
  const clock = new FakeClock();
  server.now = () => clock.now();
  const result = await flush({ spool: folder, env: {}, clock });
  assert.equal(result.exitCode, 1);
  assert.match(result.text, /could not be delivered in 4 tries/);
  server.behave = () => "ok";
  server.now = Date.now;
  await flushAll();
  assert.deepEqual(server.words, ["one", "two"]);
});

test("a long outage or a busy agent does not make the file grow without end", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const agent = reporter("d1", {
    maxPending: 20,
    fetch: async (...request) => {
      await held;
      return fetch(...request);
    },
  });
  const data = { text: "x".repeat(10_000) };
  for (let i = 0; i < 500; i++) void agent.progress(`step ${i}`, { data });
  const size = segments().reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  assert.ok(size < 1.5 * 1024 * 1024, `${size} bytes`);
  release();
  await agent.close();
  assert.equal(server.words.at(-1), "step 499");
  assert.deepEqual(segments(), []);
});

test("all files together are bounded: a full spool keeps what it has, takes nothing more, and says so", async () => {
  const old = ["000000001", "000000002", "000000003"].map((time) =>
    join(folder, `${time}-0123456789abcdef-01234567.free`),
  );
  for (const path of old) {
    writeFileSync(path, "");
    truncateSync(path, 30 * 1024 * 1024);
  }
  const warnings: string[] = [];
  const agent = reporter("d1", { onWarning: (warning) => warnings.push(warning) });
  server.behave = () => "hang";
  const unkept = agent.complete("done");
  await agent.close(AbortSignal.abort());
  await assert.rejects(unkept, ({ message }: Error) => !message.includes("kept in"));
  assert.match(warnings.join("\n"), /The spool in .* is full \(90 MiB\): deliver it with/);
  assert.deepEqual(old.map(existsSync), [true, true, true]);
  assert.equal(segments().length, 3);
});

test("a folder that cannot be written costs the spool, not the report", async () => {
  const blocked = join(folder, "a-file");
  writeFileSync(blocked, "");
  const warnings: string[] = [];
  const agent = reporter("d1", {
    spool: join(blocked, "spool"),
    onWarning: (warning) => warnings.push(warning),
  });
  await agent.complete("done");
  await agent.close();
  assert.deepEqual(server.words, ["done"]);
  assert.match(warnings[0] ?? "", /could not be written to the spool/);
  rmSync(blocked);
});
