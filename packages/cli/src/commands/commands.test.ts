import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { deriveDispatchSecret } from "@mission-control/protocol";
import { run, start } from "../../test/command-line.ts";
import { TestServer } from "../../test/test-server.ts";
import { ApiClient } from "../client/api-client.ts";
import { DemoAgent } from "../demo/demo-agent.ts";

let server: TestServer;
let agent: DemoAgent;
let env: Record<string, string>;
const api: TestServer["api"] = (...call) => server.api(...call);

before(async () => {
  server = await TestServer.start();
  env = server.env;
  agent = await DemoAgent.start(new ApiClient(server.app.url, server.app.token), 1);
});
after(async () => {
  await agent.close();
  await server.close();
});

test("dispatch --wait follows a task to its end and tells how it went", async () => {
  const done = await run(["dispatch", "Summarise the release notes", "--agent", "demo-agent", "--wait"], env);
  assert.equal(done.code, 0, done.stderr);
  const lines = done.stdout.trim().split("\n");
  assert.equal(lines[0], "Summarise the release notes → demo-agent");
  assert.doesNotMatch(done.stdout, /task_|agent_/);
  assert.ok(lines.some((line) => line.includes("pending → queued")));
  assert.ok(lines.some((line) => line.includes("Reading CHANGELOG.md")));
  assert.match(lines.at(-1) ?? "", /^Completed: Two changes/);

  const failed = await run(
    ["dispatch", "Migrate the billing table", "--agent", agent.view.id, "--wait"],
    env,
  );
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /^Failed: Row 41,378 has no customer/);
});

test("dispatch --json prints the task alone, with all that was asked for", async () => {
  const { code, stdout } = await run(
    [
      "dispatch",
      "A task",
      "--agent",
      "demo-agent",
      "--description",
      "long",
      "--priority",
      "high",
      "--tag",
      "a",
    ].concat(["--tag", "b", "--context", '{"branch":"main"}', "--wait", "--json"]),
    env,
  );
  assert.equal(code, 0);
  const task = JSON.parse(stdout);
  const { description, priority, tags, context, status } = task;
  assert.deepEqual(
    { description, priority, tags, context, status },
    {
      description: "long",
      priority: "high",
      tags: ["a", "b"],
      context: { branch: "main" },
      status: "completed",
    },
  );
});

test("a dispatch that nobody takes fails with the reason, and one to nobody creates nothing", async () => {
  const endpoint = { kind: "http", url: "http://127.0.0.1:9/" };
  await api("POST", "/api/agents", { name: "nobody-home", endpoint });
  const unreachable = await run(["dispatch", "Unreachable", "--agent", "nobody-home"], env);
  assert.equal(unreachable.code, 1);
  assert.match(unreachable.stderr, /^nobody-home did not take it: ./);
  const unknown = await run(["dispatch", "For nobody", "--agent", "unknown"], env);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /There is no agent "unknown"; known: .*demo-agent/);
  assert.deepEqual((await api("GET", "/api/tasks?q=For%20nobody")).items, []);
});

test("tail shows what the filters ask for, from where it was asked", async () => {
  const { id } = await api("POST", "/api/tasks", { title: "Watched" });
  const { lastEventId } = await api("GET", "/api/tasks?limit=1");
  const tail = start(["tail", "--task", id, "--since", String(lastEventId - 1), "--json"], env);
  const created = JSON.parse(await tail.line());
  assert.equal(created.id, lastEventId);
  assert.equal(created.data.change, "created");
  await api("POST", "/api/tasks", { title: "Not watched" });
  await api("PATCH", `/api/tasks/${id}`, { title: "Renamed" });
  const edited = JSON.parse(await tail.line());
  assert.equal(edited.data.change, "edited");
  assert.ok(edited.id > created.id + 1);
  tail.child.kill("SIGINT");
  assert.equal((await tail.finished).code, 0);
});

test("agent is stopped in good order also while its agent is still being tried", async () => {
  const begun = join(server.folder, "begun");
  const acp = `sh -c 'touch ${begun}; exec sleep 60'`;
  const agent = start(["agent", "--acp", acp, "--cwd", server.folder], env);
  while (!existsSync(begun)) await new Promise((resolve) => setTimeout(resolve, 20));
  agent.child.kill("SIGINT");
  const { code, stderr } = await agent.finished;
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "");
});

test("what agents write cannot move the cursor or break a line of the terminal", async () => {
  const { id } = await api("POST", "/api/tasks", { title: "x\u001b[2J\u202e\u0007y" });
  const tail = start(["tail", "--task", id, "--since", "0"], env);
  const line = await tail.line();
  assert.match(line, / {2}task {11}x \[2J y {2}created$/);
  tail.child.kill("SIGTERM");
  assert.equal((await tail.finished).code, 0);
});

test("tail says whom and what events are about, by name and title, or with --ids by their ids", async () => {
  const { id } = await api("POST", "/api/tasks", { title: "Named in a tail" });
  await api("PATCH", `/api/tasks/${id}`, { title: "Named otherwise" });
  const dispatched = await run(["dispatch", "Named once", "--agent", "demo-agent", "--wait", "--json"], env);
  const task = JSON.parse(dispatched.stdout);
  const lineOf = async (type: string, ...words: string[]) => {
    const tail = start(["tail", "--since", "0", ...words], env);
    const line = await tail.lineLike(new RegExp(`${type} .*(Named|${task.id})`));
    tail.child.kill("SIGTERM");
    await tail.finished;
    return line;
  };
  assert.match(await lineOf("complete", "--task", "Named once"), / {2}demo-agent · Named once {2}Done/);
  assert.match(await lineOf("complete", "--task", task.id, "--ids"), new RegExp(`  ${task.id}  Done`));
  assert.match(await lineOf("task", "--task", "Named otherwise"), / {2}Named in a tail {2}created/);
});

test("a task is named by its title as well, where it is the only one of it", async () => {
  const titled = await api("POST", "/api/tasks", { title: "Twice there, isn't it?" });
  const cancelled = await run(["cancel", "Twice there, isn't it?"], env);
  assert.equal(cancelled.stdout, `${titled.id}  cancelled  Twice there, isn't it?\n`);
  const other = await api("POST", "/api/tasks", { title: "Twice there, isn't it?" });
  const again = await run(["cancel", "Twice there, isn't it?"], env);
  assert.equal(
    again.stdout,
    `${other.id}  cancelled  Twice there, isn't it?\n`,
    "the one that has not ended",
  );
  const { code, stderr } = await run(["cancel", "Twice there, isn't it?"], env);
  assert.equal(code, 1);
  assert.match(stderr, /^Several tasks are titled "Twice there, isn't it\?": give the id of one\.\n/);
  assert.ok(stderr.includes(`  ${other.id}  cancelled\n  ${titled.id}  cancelled`));
  const unknown = await run(["approve", "Not there/at all ".repeat(20).trim()], env);
  assert.match(unknown.stderr, /^There is no task "Not there/);
});

test("report speaks for an agent by a signed callback", async () => {
  const { id } = await api("POST", "/api/tasks", { title: "Reported on" });
  await api("PATCH", `/api/agents/${agent.view.id}`, { concurrency: 5 });
  // An agent that only ever says yes: the reports come from the command.
  const listener = createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(202).end());
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const endpoint = { kind: "http", url: `http://127.0.0.1:${port}/` };
  const quiet = await api("POST", "/api/agents", { name: "quiet", endpoint });
  const { dispatchId } = await api("POST", `/api/tasks/${id}/dispatch`, { agentId: quiet.id });
  const serverKey = Buffer.from(readFileSync(join(server.folder, "server.key"), "utf8"), "base64");
  const reporting = {
    MISSION_CONTROL_DATA_DIR: server.folder,
    MISSION_CONTROL_CALLBACK_URL: `${server.app.url}/api/webhooks/callback/${dispatchId}`,
    MISSION_CONTROL_CALLBACK_SECRET: deriveDispatchSecret(serverKey, dispatchId),
    MISSION_CONTROL_TASK_ID: id,
    MISSION_CONTROL_AGENT_ID: quiet.id,
  };
  const progress = await run(["report", "progress", "Half way", "--progress", "0.5", "--json"], reporting);
  assert.equal(progress.code, 0, progress.stderr);
  assert.equal(JSON.parse(progress.stdout).ok, true);
  assert.equal((await api("GET", `/api/tasks/${id}`)).progress, 0.5);
  const complete = await run(["report", "complete", "All done"], reporting);
  assert.equal(complete.code, 0, complete.stderr);
  assert.equal((await api("GET", `/api/tasks/${id}`)).summary, "All done");
  const late = await run(["report", "error", "Too late"], reporting);
  assert.equal(late.code, 1);
  const flushed = await run(["report", "--flush"], reporting);
  assert.equal(flushed.code, 0, flushed.stderr);
  for (const args of [
    [],
    ["nonsense", "x"],
    ["progress"],
    ["progress", "x", "--progress", "2"],
    ["complete", "--flush"],
  ]) {
    assert.equal((await run(["report", ...args], reporting)).code, 2, args.join(" "));
  }
  assert.equal((await run(["report", "progress", "x"], {})).code, 2);
  listener.closeAllConnections();
  listener.close();
});

test("agents and tasks are listed and agents added", async () => {
  const added = await run(
    ["agents", "add", "claw", "--openclaw", "main", "--capability", "code", "--json"],
    env,
  );
  assert.equal(added.code, 0, added.stderr);
  assert.deepEqual(JSON.parse(added.stdout).endpoint, { kind: "openclaw", agentId: "main" });
  const http = await run(["agents", "add", "web", "--endpoint", "http://127.0.0.1:9"], env);
  assert.match(http.stdout, /shown this once: whsec_/);
  const agents = await run(["agents"], env);
  assert.match(agents.stdout, /^claw +(offline|unknown) +0 running +0 queued +agent_\w+/m);
  assert.equal((await run(["agents", "add", "x"], env)).code, 2);
  await api("POST", "/api/tasks", { title: "Listed", tags: ["listed"] });
  const tasks = await run(["tasks", "--tag", "listed"], env);
  assert.match(tasks.stdout, /^task_\w+ +pending +normal +Listed$/m);
  assert.equal((await run(["tasks", "--tag", "none"], env)).stdout, "No tasks.\n");
});

/** An address of this machine where nobody listens. */
async function nobodysUrl(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return `http://127.0.0.1:${port}`;
}

test("a command says what is wrong with how it reaches the server", async () => {
  const url = await nobodysUrl();
  const gone = await run(["tasks", "--url", url], env);
  assert.equal(gone.code, 1);
  assert.equal(
    gone.stderr,
    `No answer from ${url}: nothing listens there (connection refused). Is the server running?\n`,
  );
  const wrongToken = await run(["tasks", "--token", "x"], env);
  assert.equal(wrongToken.code, 1);
  assert.match(wrongToken.stderr, /does not know this token/);
  const noToken = await run(["tasks"], { ...env, MISSION_CONTROL_DATA_DIR: join(server.folder, "none") });
  assert.equal(noToken.code, 2);
  assert.match(noToken.stderr, /^No token for /);
});

test("a key file that cannot be read gets one sentence that names it, and a folder that is none has no key", async () => {
  const data = mkdtempSync(join(server.folder, "unreadable-"));
  const token = join(data, "token");
  mkdirSync(token);
  const unreadable = await run(["tasks"], { ...env, MISSION_CONTROL_DATA_DIR: data });
  assert.equal(unreadable.code, 1);
  assert.equal(
    unreadable.stderr,
    `${token} cannot be read (EISDIR): run this as the user whose server it is.\n`,
  );
  const file = join(data, "file");
  writeFileSync(file, "");
  const none = await run(["tasks"], { ...env, MISSION_CONTROL_DATA_DIR: file });
  assert.equal(none.code, 2);
  assert.match(none.stderr, /^No token for .*\n$/);
});

test("a damaged key file gets one sentence that names it", async () => {
  const data = mkdtempSync(join(server.folder, "damaged-"));
  writeFileSync(join(data, "token"), "short");
  const { code, stderr } = await run(["tasks"], { ...env, MISSION_CONTROL_DATA_DIR: data });
  assert.equal(code, 1);
  assert.ok(stderr.startsWith(`${join(data, "token")} does not hold `), stderr);
  assert.equal(stderr.trim().split("\n").length, 1);
});

test("what is not Mission Control is told from it, whatever it answers", async (t) => {
  const answers: [status: number, headers: Record<string, string>, body: string][] = [
    [200, { "content-type": "text/html" }, "<h1>Welcome</h1>"],
    [200, { "content-type": "application/json" }, "{}"],
    [500, { "content-type": "text/html" }, "<h1>Oops</h1>"],
    [404, { "content-type": "application/json" }, '{"error":"not found"}'],
    [200, {}, "{broken"],
    [301, { location: "https://mc.example.com/" }, ""],
  ];
  let answer = answers[0];
  const other = createServer((_, response) => {
    const [status, headers, body] = answer ?? assert.fail();
    response.writeHead(status, headers).end(body);
  });
  await once(other.listen(0, "127.0.0.1"), "listening");
  t.after(() => other.close());
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  const tail = start(["tail", "--url", url], env);
  await once(tail.child.stderr ?? assert.fail(), "data");
  tail.child.kill();
  const { stderr } = await tail.finished;
  assert.match(stderr, new RegExp(`^Lost the event stream: ${url} .*: check --url; connecting again\\.\n`));
  for (answer of answers) {
    const tasks = await run(["tasks", "--url", url], env);
    assert.equal(tasks.code, 1);
    assert.match(tasks.stderr, new RegExp(`^${url} .*: check --url\\.\n$`), String(answer));
    await assert.rejects(new ApiClient(url, "token").delete("/api/budgets/budget_1"), /: check --url\.$/);
    const { code, stdout } = await run(["doctor", "--url", url, "--json"], env);
    assert.equal(code, 1);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; result: string; advice?: string }[] };
    for (const name of ["server", "token"]) {
      const check = checks.find((one) => one.name === name);
      assert.equal(check?.result, "failed", `${name}, ${answer}`);
      assert.match(check?.advice ?? "", /^Something else than Mission Control/);
    }
  }
  assert.match((await run(["tasks", "--url", url], env)).stderr, /redirects to https:\/\/mc\.example\.com\//);
  answer = [401, { "content-type": "text/html" }, "<h1>Log in</h1>"];
  const { stdout } = await run(["doctor", "--url", url], env);
  assert.match(stdout, /^FAIL {2}public URL: something else than Mission Control asks for a log-in at /m);
});

test("doctor finds all well, or says what to do", async () => {
  const well = await run(["doctor"], env);
  assert.equal(well.code, 0, well.stdout);
  for (const name of ["data folder", "server", "clock", "token", "public URL"]) {
    assert.match(well.stdout, new RegExp(`^ok {4}${name}: `, "m"));
  }
  const ill = await run(["doctor", "--json"], {
    ...env,
    MISSION_CONTROL_TOKEN: "a-token-of-another-server",
    MISSION_CONTROL_PUBLIC_URL: await nobodysUrl(),
  });
  assert.equal(ill.code, 1);
  const { ok, checks } = JSON.parse(ill.stdout);
  assert.equal(ok, false);
  const failed = checks.filter((check: { result: string }) => check.result === "failed");
  assert.ok(failed.length >= 2);
  for (const { advice, detail } of failed) assert.ok(advice && detail);
  const noServer = await run(["doctor", "--url", await nobodysUrl()], env);
  assert.equal(noServer.code, 1);
  assert.match(noServer.stdout, /^FAIL {2}server: no answer .*\n +Start it with mission-control start/m);
});
