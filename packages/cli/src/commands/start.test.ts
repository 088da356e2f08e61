import assert from "node:assert/strict";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { SmallDisk } from "../../../server/test/support/small-disk.ts";
import { type Running, run, start } from "../../test/command-line.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mission-control-start-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const startHere = (...more: string[]) =>
  start(["start", "--port", "0", "--data-dir", join(folder, "data"), ...more]);

async function stop({ child, finished }: Running, signal: NodeJS.Signals = "SIGTERM") {
  child.kill(signal);
  return finished;
}

test("start says the address, a log-in link that works once, where the token is and how it is stopped", async () => {
  const server = startHere();
  const line = await server.line();
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? "";
  const code = /\/login#code=([\w-]+)$/.exec(line)?.[1] ?? "";
  assert.ok(url && code, line);
  const more = await server.line();
  assert.ok(more.includes(` ${join(folder, "data", "token")}. `), more);
  assert.match(more, /^A new link: mission-control login\. .* Stop with Ctrl-C\.$/);
  const logIn = () =>
    fetch(`${url}/api/session`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code }),
    });
  assert.equal((await logIn()).status, 201);
  assert.equal((await logIn()).status, 401);
  assert.equal((await fetch(`${url}/readyz`)).status, 200);
  assert.equal(statSync(join(folder, "data")).mode & 0o777, 0o700);
  assert.equal(statSync(join(folder, "data", "token")).mode & 0o777, 0o600);
  const { code: exitCode, stdout, stderr } = await stop(server);
  assert.equal(exitCode, 0);
  assert.equal(stdout.trim().split("\n").length, 2);
  assert.equal(stderr, "");
});

test("started by npm, as in a clone, it names the command as it can be called there", async () => {
  const flags = ["start", "--port", "0", "--data-dir", join(folder, "data")];
  const server = start(flags, { npm_lifecycle_event: "start" });
  await server.line();
  assert.match(await server.line(), /^A new link: npx mission-control login\. /);
  await stop(server, "SIGKILL");
});

test("a command finds the server of its data folder wherever it listens, and login makes a link that works once", async () => {
  const server = startHere("--token", "a-token-of-this-test-alone", "--json");
  const { url } = JSON.parse(await server.line());
  const address = join(folder, "data", "address");
  assert.equal(readFileSync(address, "utf8"), `${url}\n`);
  assert.equal(statSync(address).mode & 0o777, 0o600);
  const here = ["--data-dir", join(folder, "data"), "--token", "a-token-of-this-test-alone"];
  const { code: exitCode, stdout, stderr } = await run(["login", ...here]);
  assert.equal(exitCode, 0, stderr);
  const link = new URL(/http:\S+$/m.exec(stdout)?.[0] ?? "");
  assert.equal(link.origin, url);
  const logIn = () =>
    fetch(`${url}/api/session`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code: link.hash.replace("#code=", "") }),
    });
  assert.equal((await logIn()).status, 201);
  const again = (await (await logIn()).json()) as { detail: string };
  assert.match(again.detail, /mission-control login makes a new one\. The token .* in the file token /);
  await stop(server);
  assert.equal(existsSync(address), false);
});

test("where the token was set, start does not name a file that has another", async () => {
  const server = startHere("--token", "a-token-of-this-test-alone");
  await server.line();
  assert.match(await server.line(), /The token, which logs in too, is the one it was started with\./);
  await stop(server);
});

test("start --json is for programs, and Ctrl-C is a graceful stop with a stream open", async () => {
  const server = startHere("--json");
  const { url, loginUrl } = JSON.parse(await server.line());
  assert.ok(loginUrl.startsWith(`${url}/login#code=`));
  const status = await run(["tasks", "--json", "--url", url, "--data-dir", join(folder, "data")]);
  assert.deepEqual(JSON.parse(status.stdout).items, []);
  const tail = start(["tail", "--since", "0", "--url", url, "--data-dir", join(folder, "data")]);
  await run([
    "agents",
    "add",
    "a",
    "--endpoint",
    "http://127.0.0.1:9",
    "--url",
    url,
    "--data-dir",
    join(folder, "data"),
  ]);
  await tail.lineLike(/agent/);
  assert.equal((await stop(server, "SIGINT")).code, 0);
  assert.equal((await stop(tail, "SIGINT")).code, 0);
});

test("a full disk is called that", async (t) => {
  const disk = SmallDisk.mount(1);
  if (!disk) return t.skip("only root may make a small disk");
  t.after(() => disk.unmount());
  for (const left of [0, 100_000]) {
    disk.free();
    disk.fill(left);
    const { code, stderr } = await run(["start", "--port", "0", "--data-dir", join(disk.folder, "data")]);
    assert.equal(code, 1);
    assert.match(stderr, /^The disk of the data folder .* is full: .*--data-dir\.\n$/);
  }
});

test("a port in use, a folder in use, and wrong settings each get one sentence", async (t) => {
  const blocker = createServer().listen(0, "127.0.0.1");
  t.after(() => blocker.close());
  await once(blocker, "listening");
  const { port } = blocker.address() as { port: number };
  const taken = await run(["start", "--port", String(port), "--data-dir", join(folder, "other")]);
  assert.equal(taken.code, 1);
  assert.match(taken.stderr, new RegExp(`^Port ${port} on 127\\.0\\.0\\.1 is in use: .*--port\\.\\n$`));

  const server = startHere();
  await server.line();
  const second = await startHere().finished;
  assert.equal(second.code, 1);
  assert.match(second.stderr, /^Another Mission Control is running on the data folder .*\n$/);
  await stop(server);

  writeFileSync(join(folder, "file"), "");
  const unusable = await run(["start", "--port", "0", "--data-dir", join(folder, "file", "data")]);
  assert.equal(unusable.code, 1);
  assert.match(unusable.stderr, /^The data folder cannot be used .*--data-dir\.\n$/);
  if (existsSync("/proc/self")) {
    const nowhere = await run(["start", "--port", "0", "--data-dir", "/proc/mission-control/data"]);
    assert.equal(nowhere.code, 1);
    assert.match(
      nowhere.stderr,
      /^The data folder cannot be used \(ENOENT at \/proc\/mission-control\): .*--data-dir\.\n$/,
    );
  }

  symlinkSync(join(folder, "nowhere", "far"), join(folder, "dangling"));
  mkdirSync(join(folder, "no-database", "mission-control.lock"), { recursive: true });
  for (const [data, what] of [
    ["dangling", "EEXIST at "],
    ["no-database", "unable to open database file at "],
  ] as const) {
    const refused = await run(["start", "--port", "0", "--data-dir", join(folder, data)]);
    assert.equal(refused.code, 1);
    assert.ok(refused.stderr.startsWith(`The data folder cannot be used (${what}`), refused.stderr);
  }

  const natsAlone = await run(["start", "--port", "0", "--data-dir", join(folder, "alone")], {
    NATS_URL: "nats://me:hush@127.0.0.1:4222",
  });
  assert.equal(natsAlone.code, 1);
  assert.match(
    natsAlone.stderr,
    /^NATS_URL is of use with DATABASE_URL alone: .* Set DATABASE_URL, or remove NATS_URL\.\n$/,
  );

  for (const [args, env, message] of [
    [["--port", "x"], {}, /^--port must be a port/],
    [[], { MISSION_CONTROL_PUBLIC_URL: "x" }, /^MISSION_CONTROL_PUBLIC_URL must be/],
    [[], { MISSION_CONTROL_NONSENSE: "x" }, /^There is no setting MISSION_CONTROL_NONSENSE/],
    [[], { DATABASE_URL: "sqlite://x" }, /^DATABASE_URL must be a postgres:\/\/ URL/],
    [[], { MISSION_CONTROL_TOKEN: "a" }, /^MISSION_CONTROL_TOKEN must be at least 16/],
    [[], { MISSION_CONTROL_WEBHOOK_SECRET: "секретный-пароль-7" }, /^MISSION_CONTROL_WEBHOOK_SECRET must be/],
    [["--prot", "1"], {}, /unknown option '--prot'/],
  ] as [string[], Record<string, string>, RegExp][]) {
    const refused = await run(["start", "--data-dir", join(folder, "data"), ...args], env);
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, message);
    assert.equal(refused.stdout, "");
  }
});

test("a damaged key file stops the start, whichever it is, and is named", async () => {
  const data = join(folder, "damaged");
  mkdirSync(join(data, "openclaw"), { recursive: true });
  const files = ["server.key", "token", "webhook-secret", join("openclaw", "openclaw-device.pem")];
  for (const file of files) {
    for (const [damage, fault] of [
      ["", "is empty"],
      ["-----BEGIN", "does not hold "],
    ] as const) {
      writeFileSync(join(data, file), damage);
      const { code, stderr } = await run(["start", "--port", "0", "--data-dir", data]);
      assert.equal(code, 1);
      assert.ok(stderr.startsWith(`${join(data, file)} ${fault}`), stderr);
      assert.equal(stderr.trim().split("\n").length, 1);
    }
    rmSync(join(data, file));
  }
});

test("every command has help with an example; wrong use exits 2", async () => {
  const commands = ["start", "demo", "login", "dispatch", "tail", "tasks", "report", "doctor"].concat([
    "agent",
    "cancel",
    "approve",
    "reject",
    "answer",
    "say",
    "deliveries",
  ]);
  const helps = await Promise.all([
    run(["--help"]),
    ...commands.map((command) => run([command, "--help"])),
    run(["agents", "add", "--help"]),
    run(["gateways", "add", "--help"]),
    run(["gateways", "test", "--help"]),
    run(["webhooks", "add", "--help"]),
  ]);
  for (const [index, { code, stdout }] of helps.entries()) {
    assert.equal(code, 0);
    assert.doesNotMatch(
      stdout,
      /\(default: \[\]\)|\(default.*\(default/,
      "each default is told once, in words",
    );
    if (index > 0) assert.match(stdout, /Examples:\n {2}mission-control /);
  }
  for (const command of commands) assert.match(helps[0]?.stdout ?? "", new RegExp(`^ +${command} `, "m"));
  const wrong = [
    [],
    ["nonsense"],
    ["dispatch"],
    ["dispatch", "title"],
    ["cancel"],
    ["reject", "task"],
    ["gateways", "add"],
    ["webhooks", "add"],
    ["tail", "--since", "x"],
    ["tail", "--types", "x"],
  ];
  for (const { code, stderr } of await Promise.all(wrong.map((args) => run(args)))) {
    assert.equal(code, 2, stderr);
    assert.notEqual(stderr, "");
  }
});
