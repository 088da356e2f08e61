import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  AgentDouble,
  dispatchTasks,
  ServerProcess,
} from "../../packages/server/test/support/server-process.ts";

const root = fileURLToPath(new URL("../../packages/cli", import.meta.url));
let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "mission-control-cli-package-"));
  const packed = npm(["pack", "--json", "--pack-destination", folder], root);
  const [{ filename }] = JSON.parse(packed.slice(packed.indexOf("[\n"))) as [{ filename: string }];
  writeFileSync(join(folder, "package.json"), '{"private":true}');
  npm(["install", "--offline", "--no-audit", "--no-fund", join(folder, filename)], folder);
});
after(() => rmSync(folder, { recursive: true }));

function npm(args: string[], cwd: string): string {
  return execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Runs the installed command to its end. */
async function run(args: readonly string[], env: Record<string, string> = {}) {
  const { PATH } = process.env;
  const command = join(folder, "node_modules/.bin/mission-control");
  const child = spawn(command, args, { cwd: folder, env: { PATH, HOME: folder, ...env } });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, "close");
  return { code: code as number | null, stdout, stderr };
}

test("the command installs alone: no Fastify, nothing comes with it", () => {
  const installed = readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."));
  assert.deepEqual(installed, ["@mission-control"]);
  assert.deepEqual(readdirSync(join(folder, "node_modules/@mission-control")), ["cli"]);
});

test("what V8 has compiled is kept beside the command, and read by the next one", async () => {
  assert.equal((await run(["--version"])).code, 0);
  const compiled = join(folder, "node_modules/@mission-control/cli/dist/compiled");
  assert.ok(readdirSync(compiled, { recursive: true }).length > 1);
  const { stderr } = await run(["--version"], { NODE_DEBUG_NATIVE: "COMPILE_CACHE" });
  assert.match(stderr, /main\.js.* was accepted/);
});

test("every command has its help without the server", async () => {
  const { stdout } = await run(["--help"]);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) .*\S/gm)].map(([, name = ""]) => name);
  assert.ok(commands.includes("start") && commands.includes("report"), stdout);
  for (const command of commands) {
    const { code, stdout, stderr } = await run([command, "--help"]);
    assert.equal(code, 0, `${command}: ${stderr}`);
    assert.match(stdout, /^Usage: mission-control/);
  }
});

test("it reports to a server, and lists what is there", async (t) => {
  const server = await ServerProcess.start();
  t.after(() => server.close());
  const agent = await AgentDouble.start();
  t.after(() => agent.close());
  const [payload] = await dispatchTasks(server, agent, 1);
  assert.ok(payload);
  const { task, callback, agent: self } = payload;
  const reporting = {
    MISSION_CONTROL_CALLBACK_URL: callback.url,
    MISSION_CONTROL_CALLBACK_SECRET: callback.secret,
    MISSION_CONTROL_TASK_ID: task.id,
    MISSION_CONTROL_AGENT_ID: self.id,
  };
  const progress = await run(["report", "progress", "Half way", "--progress", "0.5"], reporting);
  assert.equal(progress.code, 0, progress.stderr);
  const complete = await run(["report", "complete", "All done"], reporting);
  assert.equal(complete.code, 0, complete.stderr);
  const { status, summary } = await server.call<{ status: string; summary: string }>(
    "GET",
    `/api/tasks/${task.id}`,
  );
  assert.deepEqual({ status, summary }, { status: "completed", summary: "All done" });
  const tasks = await run(["tasks"], { MISSION_CONTROL_DATA_DIR: server.folder, PORT: String(server.port) });
  assert.match(tasks.stdout, /completed +normal +Task 0/);
});

test("what needs the server says that it is missing, and what to install", async () => {
  for (const command of ["start", "demo"]) {
    const { code, stdout, stderr } = await run([command, "--port", "0"]);
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      /^This command needs the server, .*npm install @mission-control\/server@\d+\.\d+\.\d+.*\n$/,
    );
  }
});
