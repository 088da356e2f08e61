import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Dispatch } from "@mission-control/agent";
import { isRunning, until } from "../../test/processes.ts";
import { nap, Stage } from "../../test/stage.ts";
import { AlreadyRunningError } from "../index.ts";
import { StateFile } from "./state-file.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

const open = (name = "coder", server = "http://127.0.0.1:4000") =>
  StateFile.open({ server, name, env: stage.options.env, onWarning: stage.options.onWarning });

const dispatch = { dispatchId: "d1", callback: { url: "x", secret: "y" } } as unknown as Dispatch;

describe("two runners", () => {
  test("of names that look alike in a file's name are two agents", async () => {
    for (const name of ["开发者", "测试者", "team/a", "team a", "team-a"])
      await stage.exec(nap(4330), { name });
    const names = [...stage.control.agents.values()].map(({ name }) => name);
    assert.deepEqual(names, ["开发者", "测试者", "team/a", "team a", "team-a"]);
  });

  test("of one name are one too many: the second is told who runs, and harms nothing", async () => {
    await stage.exec(nap(4331), { name: "coder" });
    await stage.control.dispatch("d1", { description: "" });
    await until(() => isRunning(nap(4331)));
    const second = stage.exec(nap(4331), { name: "coder" });
    await assert.rejects(second, (error) => {
      assert.ok(error instanceof AlreadyRunningError);
      assert.match(
        error.message,
        new RegExp(`"coder" is run already, by process ${process.pid}, since 20\\d\\d-`),
      );
      return true;
    });
    assert.equal(stage.control.agents.size, 1);
    assert.equal(isRunning(nap(4331)), true);
  });

  test("of one name are told apart by their server, its path included", () => {
    const states = ["http://a/one", "http://a/two", "https://a/one", "http://b"].map((server) =>
      open("x", server),
    );
    assert.equal(new Set(states.map(({ path }) => path)).size, 4);
    assert.throws(() => open("x", "http://a/one/"), AlreadyRunningError);
    const local = open("x", "http://127.0.0.1:4000");
    for (const name of ["localhost", "[::1]"])
      assert.throws(() => open("x", `http://${name}:4000`), AlreadyRunningError);
    local.close();
    for (const state of states) state.close();
  });

  test("one that was killed leaves nothing that stands in the way, whoever has its process id now", async () => {
    const script = fileURLToPath(new URL("../../test/runner-in-child.ts", import.meta.url));
    const flags = ["--conditions=mission-control-source", "--disable-warning=ExperimentalWarning"];
    const { control, options } = stage;
    const child = spawn(process.execPath, [...flags, script], {
      cwd: stage.work,
      env: { ...options.env, SERVER: control.url, TOKEN: control.token, COMMAND: "true", NAME: "coder" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    await assert.rejects(stage.exec("true", { name: "coder" }), new RegExp(`by process ${child.pid}, since`));
    child.kill("SIGKILL");
    await once(child, "exit");
    const file = join(stage.data, "runners", stateFiles()[0] ?? "");
    const state = JSON.parse(readFileSync(file, "utf8"));
    assert.equal(state.runner.pid, child.pid);
    writeFileSync(file, JSON.stringify({ ...state, runner: { ...state.runner, pid: process.ppid } }));
    assert.equal((await stage.exec("true", { name: "coder" })).agentId, "agent-1");
  });
});

const stateFiles = () => readdirSync(join(stage.data, "runners")).filter((name) => name.endsWith(".json"));

test("what was kept is there again", () => {
  const first = open();
  first.agent = { id: "a", secret: "s", port: 1 };
  const mark = first.begin(dispatch);
  first.keepSession("__proto__", { id: "s1" });
  first.keepSession("2", { id: "s2" });
  first.keepSession("1", { id: "s3" });
  first.close();
  const second = open();
  assert.deepEqual(second.agent, { id: "a", secret: "s", port: 1 });
  assert.deepEqual(second.running, [{ mark, dispatch }]);
  assert.deepEqual(
    ["__proto__", "2", "1", "0"].map((id) => second.session(id)?.id),
    ["s1", "s2", "s3", undefined],
  );
  second.end(mark);
  assert.deepEqual(second.running, []);
  second.close();
});

test("the oldest sessions go first", () => {
  const state = open();
  for (let id = 501; id > 0; id--) state.keepSession(String(id), { id: `s${id}` });
  assert.equal(state.session("501"), undefined);
  assert.equal(state.session("500")?.id, "s500");
  state.close();
});

test("a state that cannot be read is kept, and said", () => {
  const first = open();
  first.close();
  for (const damage of ['{"agent":', '{"name":1}']) {
    writeFileSync(first.path, damage);
    open().close();
  }
  assert.equal(readFileSync(`${first.path}.broken`, "utf8"), '{"agent":');
  assert.equal(readFileSync(`${first.path}.broken-2`, "utf8"), '{"name":1}');
  assert.match(stage.warnings[0] ?? "", /The state of "coder" could not be read and is kept as .*\.broken/);
});

test("an agent whose state cannot be kept is not left behind", async () => {
  mkdirSync(join(stage.data, "runners"), { recursive: true });
  stage.control.onRegistered = () => mkdirSync(join(stage.data, "runners", `${stateFiles()[0]}.new`));
  await assert.rejects(stage.exec("true", { name: "coder" }), /EISDIR/);
  assert.equal(stage.control.agents.size, 0);
});

describe("the state of an earlier version", () => {
  const earlier = (port: number) => {
    const { host } = new URL(stage.control.url);
    const file = join(stage.data, "runners", `${host}-team-a.json`.replace(":", "-"));
    mkdirSync(join(stage.data, "runners"), { recursive: true });
    const { secret } = stage.control;
    writeFileSync(
      file,
      JSON.stringify({ agent: { id: "agent-7", secret, port }, sessions: { t1: "s1" }, running: {} }),
    );
    stage.control.agents.set("agent-7", { name: "team/a", concurrency: 1, endpoint: { url: "http://x/" } });
    return file;
  };

  test("is taken up by its agent, and by no other that it could be named after", async () => {
    const file = earlier(1);
    const other = await stage.exec("true", { name: "team a" });
    assert.equal(other.agentId, "agent-2");
    assert.ok(existsSync(file));
    const own = await stage.exec("true", { name: "team/a" });
    assert.equal(own.agentId, "agent-7");
    assert.equal(existsSync(file), false);
    const kept = stateFiles().map((name) => readFileSync(join(stage.data, "runners", name), "utf8"));
    assert.ok(kept.some((text) => text.includes('"s1"')));
  });

  test("is left alone while that version runs", async (t) => {
    const running = createServer().listen(0, "127.0.0.1");
    t.after(() => running.close());
    await once(running, "listening");
    const { port } = running.address() as AddressInfo;
    const file = earlier(port);
    await assert.rejects(stage.exec("true", { name: "team/a" }), /run by an earlier version, at port/);
    assert.ok(existsSync(file));
  });
});
