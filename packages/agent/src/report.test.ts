import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { CallbackServer } from "../test/callback-server.ts";
import { flush, report } from "./index.ts";

let server: CallbackServer;
let home: string;

beforeEach(async () => {
  server = await new CallbackServer().listen();
  home = mkdtempSync(join(tmpdir(), "mc-report-"));
});
afterEach(async () => {
  await server.close();
  rmSync(home, { recursive: true });
});

const environment = () => ({ ...server.environment(), MISSION_CONTROL_DATA_DIR: home });

test("a report goes out although its spool can be no folder, and says so", {
  skip: !existsSync("/proc/self"),
}, async () => {
  const warnings: string[] = [];
  const sent = await report({
    env: { ...environment(), MISSION_CONTROL_DATA_DIR: "/proc/mission-control" },
    type: "complete",
    text: "done",
    onWarning: (warning) => warnings.push(warning),
  });
  assert.equal(sent.exitCode, 0);
  assert.deepEqual(server.words, ["done"]);
  assert.match(
    warnings.join(),
    /could not be written to the spool, .*ENOENT.*mkdir '\/proc\/mission-control'/,
  );
});

test("each verb is reported from the environment", async () => {
  const env = environment();
  const first = await report({ env, type: "progress", text: "reading", progress: 0.25 });
  assert.equal(first.exitCode, 0);
  assert.equal(first.text, "Reported; the task is in_progress.");
  await report({ env, type: "error", text: "broke", lastState: "writing", data: { line: 3 } });
  await report({ env, type: "complete", text: "done", usage: { outputTokens: 9 } });
  const [progress, error, complete] = server.stored;
  assert.equal(progress?.progress, 0.25);
  assert.equal(error?.lastState, "writing");
  assert.deepEqual(error?.data, { line: 3 });
  assert.equal(complete?.summary, "done");
  assert.deepEqual(complete?.usage, { outputTokens: 9 });
});

test("wrong use is exit code 2 and names what is wrong", async () => {
  const missing = await report({ env: {}, type: "progress", text: "x" });
  assert.equal(missing.exitCode, 2);
  assert.match(missing.text, /MISSION_CONTROL_CALLBACK_URL/);
  const wrong = await report({ env: environment(), type: "progress", text: "x", progress: 50 });
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.text, /from 0 to 1/);
});

test("a refusal is exit code 1 with the server's reason", async () => {
  server.behave = () => ({ status: 409, detail: "The dispatch is over." });
  const result = await report({ env: environment(), type: "complete", text: "done" });
  assert.equal(result.exitCode, 1);
  assert.match(result.text, /HTTP 409: The dispatch is over/);
  assert.equal(result.data.status, 409);
});

test("a report that ran out of time is kept, and the next one takes it along", async () => {
  server.behave = () => "hang";
  const env = environment();
  const late = await report({ env, type: "progress", text: "one", timeoutSeconds: 0.05 });
  assert.equal(late.exitCode, 1);
  assert.match(late.text, /given up before it was delivered.* It is kept in .*spool/);
  server.behave = () => "ok";
  assert.equal((await report({ env, type: "complete", text: "done" })).exitCode, 0);
  assert.deepEqual(server.words, ["one", "done"]);
});

test("flush delivers what is kept, and an empty spool is no failure", async () => {
  const env = environment();
  assert.deepEqual((await flush({ env })).data, {
    ok: true,
    delivered: 0,
    refused: [],
    waiting: [],
    broken: [],
  });
  server.behave = () => "hang";
  await report({ env, type: "complete", text: "done", timeoutSeconds: 0.05 });
  server.behave = () => "ok";
  const result = await flush({ env: { MISSION_CONTROL_DATA_DIR: home } });
  assert.equal(result.text, "Delivered 1 callback(s).");
  assert.deepEqual(server.words, ["done"]);
});
