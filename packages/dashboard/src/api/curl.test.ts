import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { asCurl } from "./curl.ts";
import { taskCalls } from "./task-calls.ts";

test("a shell reads back exactly the call, whatever the words", () => {
  const feedback = `don't "quote" $HOME \`id\` \\ \n two`;
  const command = asCurl(taskCalls.reject("task_1", feedback), "http://127.0.0.1:4000");
  const script = `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }\n${command}`;
  const words = execFileSync("sh", ["-c", script], {
    encoding: "utf8",
    env: { MISSION_CONTROL_TOKEN: "secret" },
  }).split("\0");
  assert.deepEqual(words.slice(0, -1), [
    "-X",
    "POST",
    "http://127.0.0.1:4000/api/tasks/task_1/reject",
    "-H",
    "Authorization: Bearer secret",
    "-H",
    "Content-Type: application/json",
    "--data-raw",
    JSON.stringify({ feedback }),
  ]);
});
