import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  formatSecret,
  STANDARD_HEADERS,
  type StandardDelivery,
  secretKey,
  standardHeaders,
  verifyStandard,
} from "@mission-control/protocol";
import { type Behaviour, CallbackServer } from "./callback-server.ts";

const examples = fileURLToPath(new URL("../../../examples/", import.meta.url));
const shell = `${examples}reporter-sh/mission-control-report.sh`;
const python = `${examples}reporter-python/mission_control_report.py`;

const REPORTERS: Record<string, string[]> = {
  dash: ["dash", shell],
  bash: ["bash", "--posix", shell],
  busybox: ["busybox", "sh", shell],
  python: ["python3", python],
};

interface Ended {
  code: number | null;
  out: string;
  error: string;
}

async function run(
  command: string[],
  args: string[],
  env: Record<string, string>,
  input = "",
): Promise<Ended> {
  const [program = "", ...first] = command;
  const child = spawn(program, [...first, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // One that refuses its arguments ends before it has read what it was given.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [out, error, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code, out, error };
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? "").split(":").some((folder) => existsSync(`${folder}/${program}`));
}

// They mostly wait, each for a server of its own.
describe("the reporters", { concurrency: true }, () => {
  for (const [name, command] of Object.entries(REPORTERS)) reporterTests(name, command);
});

function reporterTests(name: string, command: string[]): void {
  const skip = !isInstalled(command[0] ?? "");
  describe(`the reporter under ${name}`, { skip, concurrency: 1 }, () => {
    let server: CallbackServer;
    let env: Record<string, string>;

    beforeEach(async () => {
      server = await new CallbackServer().listen();
      env = { ...server.environment(), MISSION_CONTROL_RETRY_WAITS: "0 0 0 0" };
    });
    afterEach(() => server.close());
    const report = (...args: string[]) => run(command, args, env);

    test("reports progress, completion and failure", async () => {
      const first = await report("progress", "reading", "--progress", "0.25", "--data", '{"file":"a.ts"}');
      assert.deepEqual(first, { code: 0, out: "Reported; the task is in_progress.\n", error: "" });
      const usage = '{"inputTokens":5,"cost":{"amount":0.01,"currency":"USD"}}';
      assert.equal((await report("error", "broke", "--last-state", "writing", "--usage", usage)).code, 0);
      assert.equal((await report("complete", "done")).code, 0);
      assert.equal((await report("complete", "--agent-id", "other")).code, 0);
      assert.deepEqual([server.stored[3]?.summary, server.stored[3]?.agentId], ["", "other"]);
      const [progress, error, complete] = server.stored;
      assert.deepEqual(
        [progress?.message, progress?.progress, progress?.data],
        ["reading", 0.25, { file: "a.ts" }],
      );
      assert.deepEqual(
        [error?.error, error?.lastState, error?.usage],
        ["broke", "writing", JSON.parse(usage)],
      );
      assert.equal(complete?.summary, "done");
    });

    test("an entry comes from the standard input or a file, and needs no words", async (t) => {
      const entry = { id: "c1", kind: "tool", title: "grün 😀 \u0001", input: { command: "npm test" } };
      const json = `${JSON.stringify(entry, null, 2)}\n`;
      const ended = await run(command, ["progress", "--entry", "-", "--progress", "0.5"], env, json);
      assert.deepEqual(ended, { code: 0, out: "Reported; the task is in_progress.\n", error: "" });
      const folder = mkdtempSync(join(tmpdir(), "mc-entry-"));
      t.after(() => rmSync(folder, { recursive: true }));
      writeFileSync(join(folder, "entry.json"), json);
      assert.equal((await report("progress", "words", "--entry", join(folder, "entry.json"))).code, 0);
      const [alone, beside] = server.stored;
      assert.deepEqual([alone?.entry, alone?.message, alone?.progress], [entry, undefined, 0.5]);
      assert.deepEqual([beside?.entry, beside?.message], [entry, "words"]);
      for (const args of [
        ["progress", "--entry", join(folder, "none")],
        ["complete", "x", "--entry", "-"],
      ]) {
        assert.equal((await run(command, args, env, json)).code, 2, args.join(" "));
      }
    });

    test("a file is left behind whole, under its own or another name", async (t) => {
      const folder = mkdtempSync(join(tmpdir(), "mc-artifact-"));
      t.after(() => rmSync(folder, { recursive: true }));
      const content = Buffer.from([...Array(256).keys()]);
      const file = join(folder, "größe & 100%.bin");
      writeFileSync(file, content);
      const plain = await report("artifact", file);
      assert.deepEqual(plain, { code: 0, out: "Reported; the task is in_progress.\n", error: "" });
      assert.equal((await report("artifact", file, "--name", "page", "--type", "text/html")).code, 0);
      assert.deepEqual(server.uploads, [
        { name: "größe & 100%.bin", mediaType: "application/octet-stream", content },
        { name: "page", mediaType: "text/html", content },
      ]);
      assert.equal((await report("artifact", join(folder, "none"))).code, 2);
      const url = `${server.origin}/api/webhooks/callback`;
      assert.match((await report("artifact", file, "--url", url)).error, /shared callback URL/);
    });

    test("any text arrives as it was given", async () => {
      const text = `quotes " and ' and \\ and %s \\n, a tab\t, a line\nbreak, \u0001, grün 漢字 😀 $HOME \`id\``;
      assert.equal((await report("complete", text)).code, 0);
      assert.equal(server.stored[0]?.summary, text);
    });

    test("tries again with the same id until it is stored, once", async () => {
      const script: Behaviour[] = [{ status: 503 }, "reset", "store-then-reset", { status: 429 }];
      server.behave = (_, index) => script[index] ?? "ok";
      const ended = await report("complete", "done");
      assert.equal(ended.code, 0, ended.error);
      assert.equal(server.tries.length, 5);
      assert.equal(new Set(server.tries.map((attempt) => attempt.id)).size, 1);
      assert.deepEqual(server.words, ["done"]);
    });

    test("an answer that does not come whole is asked for again, and the callback is stored once", async () => {
      const script: Behaviour[] = ["store-then-half", "store-then-half"];
      server.behave = (_, index) => script[index] ?? "ok";
      assert.equal((await report("complete", "done")).code, 0);
      assert.equal(server.tries.length, 3);
      server.behave = () => "store-then-stall";
      const stalled = await report("complete", "again", "--timeout", "1");
      assert.equal(stalled.code, 1);
      assert.deepEqual(server.words, ["done", "again"]);
    });

    test("what is not Mission Control's word is tried again, and said in the end, harmless", async () => {
      const html = { "content-type": "text/html" };
      const page = { status: 200, headers: html, text: "<h1>\u001b[2J\u202eLog in\n</h1>" };
      const location = `${server.origin}/elsewhere`;
      for (const [behaviour, words] of [
        [page, /HTTP 200, which is not .* stored \(text\/html, "?<h1> \[2J ?Log in <\/h1>"?\)\.$/m],
        [{ status: 200, text: '{"ok":true,"eventId":1' }, /HTTP 200, which is not .*"eventId":1/],
        [{ status: 200, text: '{"ok":false,"eventId":1}' }, /HTTP 200, which is not .*"ok":false/],
        [{ status: 302, headers: { location } }, /redirected to http:\S+\/elsewhere; callbacks follow no/],
      ] as const) {
        const before = server.tries.length;
        server.behave = () => behaviour;
        const failed = await report("complete", "done");
        assert.equal(failed.code, 1);
        assert.match(failed.error, words);
        assert.ok(!failed.error.includes("\u001b") && !failed.error.includes("\u202e"));
        assert.equal(server.tries.length, before + 5);
      }
      for (const [status, text] of [
        [200, '{ "ok": true,\n "eventId": 7 }\n'],
        [200, "{}"],
        [202, ""],
        [204, ""],
      ] as const) {
        server.behave = () => ({ status, text });
        assert.equal((await report("complete", "done")).code, 0, `${status} ${text}`);
      }
    });

    test("what is not HTTP, an answer without end, and odd statuses are tried again", async () => {
      const script: Behaviour[] = ["nonsense", "endless", { status: 999 }, { status: 599 }];
      server.behave = (_, index) => script[index] ?? "ok";
      const ended = await report("complete", "done");
      assert.deepEqual(ended, { code: 0, out: "Reported; the task is in_progress.\n", error: "" });
      assert.equal(server.tries.length, 5);
    });

    test("a server that never answers, or drop by drop, costs no more than the time given", async () => {
      for (const behaviour of ["hang", "drops"] as const) {
        server.behave = () => behaviour;
        const ended = await report("progress", "x", "--timeout", "2");
        assert.equal(ended.code, 1);
        assert.match(ended.error, /could not be delivered; the last try met: .+/);
      }
    });

    test("a signature refused by a server with another clock is tried again, and the clock is named", async () => {
      const jumpedUntil = server.tries.length;
      let asked = 0;
      server.now = () => (asked++ < 4 ? Date.now() + 3_600_000 : Date.now());
      const ended = await report("complete", "done");
      assert.equal(ended.code, 0, ended.error);
      assert.equal(server.tries.length, jumpedUntil + 1);
      server.now = () => Date.now() - 3_600_000;
      const failed = await report("complete", "again");
      assert.equal(failed.code, 1);
      assert.match(
        failed.error,
        /could not be delivered; .*HTTP 401 \(this machine's clock is 3[56]\d\d s ahead of the server's/,
      );
    });

    test("a Retry-After that is nonsense is passed over", async () => {
      const values = ["-5", "1e9", "00", "Mon, 32 Foo 2026 99:99:99 GMT"];
      server.behave = (_, index) => {
        const value = values[index];
        return value === undefined ? "ok" : { status: 503, headers: { "retry-after": value } };
      };
      const ended = await report("complete", "done", "--timeout", "600");
      assert.deepEqual(ended, { code: 0, out: "Reported; the task is in_progress.\n", error: "" });
    });

    test("Retry-After is honoured in both forms", async () => {
      const date = () => new Date(Date.now() + 2000).toUTCString();
      server.behave = (_, index) =>
        index === 0
          ? { status: 503, headers: { "retry-after": "1" } }
          : index === 1
            ? { status: 503, headers: { "Retry-After": date() } }
            : "ok";
      assert.equal((await report("complete", "done")).code, 0);
      const [first, second, third] = server.tries.map((attempt) => attempt.timestamp);
      assert.ok((second ?? 0) - (first ?? 0) >= 1);
      assert.ok((third ?? 0) - (second ?? 0) >= 1);
    });

    test("a refusal is final, exit code 1, in the server's words", async () => {
      server.behave = () => ({ status: 409, detail: "The dispatch is over." });
      const ended = await report("progress", "late");
      assert.equal(ended.code, 1);
      assert.match(ended.error, /refused the progress: HTTP 409: The dispatch is over\.$/m);
      assert.equal(server.tries.length, 1);
    });

    test("after the whole schedule it gives up, exit code 1, in words", async () => {
      server.behave = () => "reset";
      const ended = await report("complete", "done");
      assert.equal(ended.code, 1);
      assert.match(ended.error, /could not be delivered; the last try met: .+/);
      assert.equal(server.tries.length, 5);
    });

    test("a server that is not there is named", async () => {
      const taken = createServer().listen(0, "127.0.0.1");
      await once(taken, "listening");
      const { port } = taken.address() as AddressInfo;
      taken.close();
      const url = `http://127.0.0.1:${port}/api/webhooks/callback/d1`;
      const ended = await run(command, ["progress", "x", "--url", url], {
        ...env,
        MISSION_CONTROL_RETRY_WAITS: "",
      });
      assert.equal(ended.code, 1);
      assert.match(ended.error, /refused|connect/i);
    });

    test("wrong use is exit code 2", async () => {
      for (const args of [
        [],
        ["shout", "x"],
        ["progress"],
        ["progress", "x", "--progress", "50"],
        ["progress", "x", "--nope", "1"],
        ["progress", "x", "--timeout", "99999999999999999999"],
      ]) {
        const ended = await report(...args);
        assert.equal(ended.code, 2, args.join(" "));
        assert.notEqual(ended.error, "");
      }
      for (const name of Object.keys(server.environment())) {
        const ended = await run(command, ["progress", "x"], { ...env, [name]: "" });
        assert.equal(ended.code, 2, name);
        assert.match(ended.error, new RegExp(name));
      }
      const nonsense = { ...env, MISSION_CONTROL_RETRY_WAITS: "1 soon" };
      assert.match(
        (await run(command, ["progress", "x"], nonsense)).error,
        /RETRY_WAITS is a list of seconds/,
      );
      assert.equal((await report("--help")).code, 0);
      assert.equal(server.tries.length, 0);
    });
  });
}

/** Takes one request whole, and answers as Mission Control does. */
async function takeOne(): Promise<{ url: string; taken: Promise<StandardDelivery>; close(): void }> {
  const server = createHttpServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const taken = once(server, "request").then(async ([request, response]) => {
    const body = await text(request);
    response.end('{"ok":true,"eventId":1,"duplicate":false,"taskStatus":"in_progress"}');
    const { headers } = request as IncomingMessage;
    const header = (name: string) => String(headers[name]);
    return {
      id: header(STANDARD_HEADERS.id),
      timestamp: header(STANDARD_HEADERS.timestamp),
      signature: header(STANDARD_HEADERS.signature),
      body,
    };
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, taken, close: () => server.close() };
}

for (const [name, command] of Object.entries(REPORTERS)) {
  const report = (secret: string, url: string) =>
    run(command, ["progress", "reading"], {
      MISSION_CONTROL_CALLBACK_URL: url,
      MISSION_CONTROL_CALLBACK_SECRET: secret,
      MISSION_CONTROL_TASK_ID: "t1",
      MISSION_CONTROL_AGENT_ID: "a1",
    });

  test(`the reporter under ${name} makes the server's key of every secret the server takes`, {
    skip: !isInstalled(command[0] ?? ""),
  }, async () => {
    const key = Buffer.from("four-and-twenty bytes at least\0\xff", "latin1");
    for (const secret of [
      formatSecret(key),
      key.toString("base64"),
      "correct horse battery staple",
      "пароль, который длиннее двадцати четырёх знаков",
      // Base64 without its end, which is a passphrase, then.
      key.toString("base64").slice(0, -1),
    ]) {
      const { url, taken, close } = await takeOne();
      assert.equal((await report(secret, url)).code, 0, secret);
      assert.ok(verifyStandard([secretKey(secret)], await taken, Math.floor(Date.now() / 1000)), secret);
      close();
    }
  });

  test(`the reporter under ${name} refuses what is no secret, without showing it`, {
    skip: !isInstalled(command[0] ?? ""),
  }, async () => {
    // The last has more than 24 bytes, but not as many characters.
    for (const weak of ["short", "whsec_YQ==", "whsec_not base64 though it is long", "слишком короткий"]) {
      const refused = await report(weak, "http://127.0.0.1:9/");
      assert.equal(refused.code, 2, weak);
      assert.match(refused.error, /at least 24 bytes/);
      assert.ok(!refused.error.includes(weak));
    }
  });
}

describe("the custom agent", () => {
  const secret = formatSecret(Buffer.from("the secret of a custom agent"));
  let server: CallbackServer;
  const folder = mkdtempSync(join(tmpdir(), "mc-example-"));
  let child: ChildProcessByStdio<null, Readable, null>;
  let url: string;

  before(async () => {
    server = await new CallbackServer().listen();
    child = spawn(
      process.execPath,
      ["--conditions=mission-control-source", "--disable-warning=ExperimentalWarning", "agent.js"],
      {
        cwd: `${examples}custom-agent`,
        env: { ...process.env, AGENT_SECRET: secret, PORT: "0", MISSION_CONTROL_DATA_DIR: folder },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const [words] = await once(child.stdout, "data");
    url = /http:\S+/.exec(String(words))?.[0] ?? "";
  });
  after(async () => {
    child.kill();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  test("takes a dispatch, reports progress and completes", async () => {
    const target = server.target("d9");
    const body = JSON.stringify({
      version: 1,
      dispatchId: "d9",
      attempt: 1,
      task: { id: target.taskId, title: "Count", description: "three short words", feedback: null },
      agent: { id: target.agentId, name: "word-counter", capabilities: [] },
      callback: { url: target.url, secret: target.secret, scheme: "standard-webhooks" },
    });
    const headers = standardHeaders(secret, { id: "d9", timestamp: Math.floor(Date.now() / 1000), body });
    assert.equal((await fetch(url, { method: "POST", headers, body })).status, 202);
    while (server.stored.length < 2) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(server.words, ['Counting the words of "Count"', "Hello! Your task has 4 words."]);
  });
});
