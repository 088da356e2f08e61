import assert from "node:assert/strict";
import { test } from "node:test";
import { agentEnvironment, EnvironmentError, withheldKeys } from "./environment.ts";

const common = {
  PATH: "/bin",
  HOME: "/home/u",
  LANG: "de_DE.UTF-8",
  LC_ALL: "C",
  TERM: "xterm",
  HTTPS_PROXY: "http://proxy:3128",
  no_proxy: "localhost",
  SSH_AUTH_SOCK: "/run/agent",
  XDG_CONFIG_HOME: "/home/u/.config",
  MISSION_CONTROL_DATA_DIR: "/data",
};
const secrets = {
  MISSION_CONTROL_TOKEN: "1",
  MISSION_CONTROL_WEBHOOK_SECRET: "2",
  OPENCLAW_GATEWAY_TOKEN: "3",
  OPENCLAW_GATEWAY_URL: "ws://x",
  DATABASE_URL: "postgres://u:p@h/d",
  NATS_URL: "nats://u:p@h",
};
const keys = { ANTHROPIC_API_KEY: "a", OPENAI_API_KEY: "o", GEMINI_API_KEY: "g", AWS_SECRET_ACCESS_KEY: "w" };
const env = { ...common, ...secrets, ...keys, GIT_DIR: "/elsewhere", BASH_ENV: "/x", MY_TOKEN: "t" };

test("an agent gets what programs need, and no secret of anyone", () => {
  assert.deepEqual(agentEnvironment(env, ["my-agent"]), common);
});

test("known agents get their own provider's settings, however they are called", () => {
  const extra = (...command: string[]) =>
    Object.keys(agentEnvironment(env, command)).filter((name) => !(name in common));
  assert.deepEqual(extra("/opt/bin/claude", "-p"), ["ANTHROPIC_API_KEY"]);
  assert.deepEqual(extra("claude-agent-acp"), ["ANTHROPIC_API_KEY"]);
  assert.deepEqual(extra("npx", "-y", "@agentclientprotocol/codex-acp@2"), ["OPENAI_API_KEY"]);
  assert.deepEqual(extra("node", "/x/claude-code/cli.js"), ["ANTHROPIC_API_KEY"]);
  assert.deepEqual(extra("gemini", "--acp"), ["GEMINI_API_KEY"]);
  assert.deepEqual(extra("my-agent", "/srv/claude/tasks"), []);
});

test("more is passed by name, by pattern and by value", () => {
  const passed = agentEnvironment(env, ["my-agent"], ["MY_TOKEN", "AWS_*", "DEBUG=1=2", "ABSENT"]);
  assert.deepEqual(passed, { ...common, MY_TOKEN: "t", AWS_SECRET_ACCESS_KEY: "w", DEBUG: "1=2" });
});

test("no pattern passes the secrets of Mission Control, its stores and its gateways", () => {
  const passed = Object.keys(agentEnvironment(env, ["my-agent"], ["*", "*_TOKEN", "OPENCLAW_*"]));
  assert.deepEqual(
    passed.filter((name) => name in secrets),
    [],
  );
  assert.ok(passed.includes("MY_TOKEN"));
  // What is named to the letter is meant: an agent may speak to a gateway itself.
  assert.equal(agentEnvironment(env, ["x"], ["OPENCLAW_GATEWAY_TOKEN"]).OPENCLAW_GATEWAY_TOKEN, "3");
  assert.throws(() => agentEnvironment(env, ["x"], ["MISSION_CONTROL_TOKEN"]), /is Mission Control's own/);
});

test("what names no variable is said without its value", () => {
  for (const wrong of ["", "=x", "A B", "A*=x", "1A", "MY-KEY=sk-secret"]) {
    assert.throws(
      () => agentEnvironment(env, ["x"], [wrong]),
      (error) => error instanceof EnvironmentError && !error.message.includes("sk-secret"),
    );
  }
});

test("keys that an agent does not get are known", () => {
  assert.deepEqual(withheldKeys(env, agentEnvironment(env, ["claude"])), [
    "OPENAI_API_KEY",
    "GEMINI_API_KEY",
  ]);
});
