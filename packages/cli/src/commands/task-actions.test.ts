import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createReporter } from "@mission-control/agent";
import type { DispatchPayload } from "@mission-control/protocol";
import { AgentDouble } from "../../../server/test/support/server-process.ts";
import { TestServer } from "../../test/test-server.ts";

let server: TestServer;
let agent: AgentDouble;
let agentId: string;
before(async () => {
  server = await TestServer.start();
  agent = await AgentDouble.start();
  const endpoint = { kind: "http", url: agent.url };
  ({ id: agentId } = await server.api("POST", "/api/agents", { name: "agent", concurrency: 10, endpoint }));
});
after(async () => {
  await agent.close();
  await server.close();
});

/** A task that the agent is at, with what it speaks for the dispatch by. */
async function taskAtWork(title: string, requiresReview = false) {
  const { id } = await server.api("POST", "/api/tasks", { title, requiresReview });
  await server.api("POST", `/api/tasks/${id}/dispatch`, { agentId });
  const dispatch = agent.payloads.at(-1) as DispatchPayload;
  assert.equal(dispatch.task.id, id);
  return { id: id as string, reporter: createReporter({ dispatch, spool: false }) };
}

test("a question is shown with its answers, and answered by an answer's id or name", async () => {
  const { id, reporter } = await taskAtWork("asks");
  const request = {
    id: "q1",
    title: "May I delete build/?",
    diff: "- build/",
    options: [
      { optionId: "yes-1", name: "Allow" },
      { optionId: "no-1", name: "Deny" },
    ],
  };
  await reporter.permission(request);
  const shown = await server.run("answer", id);
  assert.equal(shown.code, 0, shown.stderr);
  assert.equal(shown.stdout, "May I delete build/?\n- build/\nyes-1  Allow\nno-1   Deny\n");
  const wrong = await server.run("answer", id, "maybe");
  assert.equal(wrong.code, 1);
  assert.equal(wrong.stderr, '"maybe" is not one of the answers: yes-1 (Allow), no-1 (Deny).\n');
  const answered = await server.run("answer", id, "deny", "--json");
  assert.equal(answered.code, 0, answered.stderr);
  assert.equal(JSON.parse(answered.stdout).waitingFor, undefined);
  assert.equal(agent.received.at(-1)?.path.includes("q1"), true);
  assert.match(agent.received.at(-1)?.body ?? "", /no-1/);
  const over = await server.run("answer", id, "allow");
  assert.equal(over.code, 1);
  assert.equal(over.stderr, 'The agent of "asks" asks nothing now.\n');
});

test("a form is shown with what its fields take, and filled in by name", async () => {
  const { id, reporter } = await taskAtWork("fills in");
  await reporter.permission({
    id: "f1",
    title: "How shall I go on?",
    options: [],
    fields: [
      { name: "branch", label: "Name of the branch", type: "text", required: true },
      { name: "checks", type: "multi", options: ["lint", "test"] },
      { name: "push", label: "Push it?", type: "boolean" },
    ],
  });
  const shown = await server.run("answer", id);
  assert.equal(
    shown.stdout,
    [
      "How shall I go on?",
      "branch  text                       Name of the branch",
      "checks  lint|test (any), optional  checks",
      "push    yes or no, optional        Push it?",
      "",
    ].join("\n"),
  );
  const fill = (...words: string[]) => server.run("answer", id, ...words.flatMap((word) => ["--set", word]));
  assert.match((await fill("brunch=x")).stderr, /one of branch, checks, push/);
  assert.equal((await fill("push=maybe")).stderr, 'push is yes or no, not "maybe".\n');
  assert.match((await fill("push=yes")).stderr, /values.branch is required/);
  assert.match((await server.run("answer", id, "allow")).stderr, /is a form/);
  const answered = await fill("branch=a=b", "checks=lint", "checks=test", "push=no");
  assert.equal(answered.code, 0, answered.stderr);
  const values = { branch: "a=b", checks: ["lint", "test"], push: false };
  assert.deepEqual(JSON.parse(agent.received.at(-1)?.body ?? ""), { values });
});

test("a result is taken, or sent back with what is to be done otherwise", async () => {
  const { id, reporter } = await taskAtWork("to review", true);
  await reporter.complete("first try");
  const rejected = await server.run("reject", id, "Keep the old name");
  assert.equal(rejected.code, 0, rejected.stderr);
  assert.match(rejected.stdout, new RegExp(`^${id}  (queued|in_progress)  to review\\n$`));
  const again = agent.payloads.at(-1) as DispatchPayload;
  assert.equal(again.task.feedback, "Keep the old name");
  await createReporter({ dispatch: again, spool: false }).complete("second try");
  const approved = await server.run("approve", id);
  assert.equal(approved.code, 0, approved.stderr);
  assert.equal(approved.stdout, `${id}  completed  to review\n`);
  const twice = await server.run("approve", id);
  assert.equal(twice.code, 1);
  assert.match(twice.stderr, /review/);
});

test("a task is cancelled, once", async () => {
  const { id } = await taskAtWork("unwanted");
  assert.equal((await server.run("cancel", id)).stdout, `${id}  cancelled  unwanted\n`);
  assert.equal((await server.run("cancel", id)).code, 1);
});

test("what is said to an agent at work comes to it, and what it answers is said", async () => {
  const { id, reporter } = await taskAtWork("talks");
  const said = await server.run("say", id, "Leave the tests as they are");
  assert.equal(said.code, 0, said.stderr);
  assert.equal(said.stdout, "The agent has it.\n");
  const { path, body } = agent.received.at(-1) ?? assert.fail();
  assert.match(path, /\/messages$/);
  const { text, mode } = JSON.parse(body);
  assert.deepEqual([text, mode], ["Leave the tests as they are", "steer"]);
  const shown = await server.run("say", id, "Stop", "--mode", "interrupt", "--json");
  assert.deepEqual(
    [JSON.parse(shown.stdout).mode, JSON.parse(shown.stdout).state],
    ["interrupt", "delivered"],
  );
  const file = join(server.folder, "screen.png");
  writeFileSync(file, "PNG");
  const sent = await server.run("say", id, "Like this", "--attach", file);
  assert.equal(sent.code, 0, sent.stderr);
  assert.match(sent.stdout, /did not say that it took the files/);
  const attached = { name: "screen.png", mediaType: "image/png", size: 3, content: btoa("PNG") };
  assert.deepEqual(JSON.parse(agent.received.at(-1)?.body ?? "").attachments, [attached]);
  const missing = await server.run("say", id, "Like this", "--attach", join(server.folder, "none.png"));
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /none\.png cannot be read/);
  await reporter.complete("done");
  const late = await server.run("say", id, "Are you there?");
  assert.equal(late.code, 1);
  assert.match(late.stderr, /The task is completed/);
  assert.equal((await server.run("say", id, "x", "--mode", "shout")).code, 2);
});

test("a task that never was is said to be unknown by whatever asks for it", async () => {
  for (const words of [
    ["cancel", "nope"],
    ["approve", "nope"],
    ["reject", "nope", "because"],
    ["answer", "nope"],
    ["say", "nope", "hello"],
    ["tail", "--task", "nope"],
    ["tail", "--task", "nope", "--since", "0"],
  ]) {
    const { code, stderr } = await server.run(...words);
    assert.equal(code, 1, words.join(" "));
    assert.equal(stderr, 'There is no task "nope": mission-control tasks lists them.\n');
  }
});

test("what waits is listed with its age and what it waits for, and an attempt that is given up is a failure", async () => {
  const { id, reporter } = await taskAtWork("waits");
  await reporter.permission({ id: "q2", title: "May I go on?", options: [{ optionId: "yes", name: "Yes" }] });
  const asked = await server.run("inbox");
  assert.equal(asked.code, 0, asked.stderr);
  assert.match(asked.stdout, new RegExp(`^\\d+s +question +${id} +waits +May I go on\\?$`, "m"));
  const ended = await server.run("force-end", id);
  assert.equal(ended.stdout, `${id}  failed  waits\n`);
  const { items, counts } = JSON.parse((await server.run("inbox", "--json")).stdout);
  const item = items.find(({ task }: { task: { id: string } }) => task.id === id);
  assert.deepEqual([item.kind, counts.question], ["failure", 0]);
  assert.match(item.task.error, /Ended by the operator/);
});
