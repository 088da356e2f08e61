import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { type Setup, stepsOf } from "./setup.ts";

const setup = (fields: Partial<Setup>): Setup => ({
  kind: "claude",
  name: "claude",
  folder: "~/project",
  command: "",
  elsewhere: null,
  ...fields,
});

/** The words that a shell makes of the last command. */
function wordsOf(fields: Partial<Setup>): string[] {
  const command = stepsOf(setup(fields)).at(-1)?.command ?? "";
  const script = command.replace(/^npx mission-control/, "printf '%s\\0'");
  return execFileSync("sh", ["-c", script], { env: { HOME: "/home/ada" } })
    .toString()
    .split("\0")
    .slice(0, -1);
}

test("an adapter is installed before it is connected", () => {
  assert.deepEqual(stepsOf(setup({})), [
    { kind: "install", command: "npm install -g @agentclientprotocol/claude-agent-acp" },
    {
      kind: "run",
      command: "npx mission-control agent --acp claude-agent-acp --name claude --cwd ~/project",
    },
  ]);
  assert.deepEqual(
    stepsOf(setup({ kind: "opencode", name: "opencode" })).map(({ kind }) => kind),
    ["installAgent", "run"],
  );
});

test("a shell reads each word as it was written, whatever is in it", () => {
  const command = `python3 it's "mine".py {prompt} $(touch /tmp/x) \`id\` \\`;
  assert.deepEqual(wordsOf({ kind: "program", name: "my agent; rm", folder: "/srv/a b", command }), [
    "agent",
    "--exec",
    command,
    "--name",
    "my agent; rm",
    "--cwd",
    "/srv/a b",
  ]);
  assert.ok(wordsOf({}).includes("/home/ada/project"), "the home folder is the shell's");
  assert.ok(wordsOf({ kind: "opencode" }).includes("opencode acp"));
});

test("from another machine, it says which server, who one is, and where the server reaches it", () => {
  const elsewhere = { serverUrl: "https://mc.example/mission", address: "fd00::7" };
  assert.deepEqual(
    stepsOf(setup({ elsewhere })).map(({ kind }) => kind),
    ["install", "token", "run"],
  );
  assert.deepEqual(wordsOf({ elsewhere }).slice(7), [
    "--url",
    "https://mc.example/mission",
    "--host",
    "0.0.0.0",
    "--port",
    "7010",
    "--public-url",
    "http://[fd00::7]:7010",
  ]);
});
