import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createReporter } from "@mission-control/agent";
import type { DispatchPayload } from "@mission-control/protocol";
import { wholeRequests } from "../../protocol/test/whole-requests.ts";
import { reportingInstructions } from "../../server/src/gateways/openclaw/turn-message.ts";
import { callbackOfTurn } from "./callback-of-turn.ts";
import { outcomeOf, reportComplete, reportProgress, reportQuestion } from "./report-tools.ts";
import { isTaskSession, TaskTurns } from "./task-turns.ts";

const spool = mkdtempSync(join(tmpdir(), "mc-plugin-"));
/** What was posted, by path; a path with an `away` in it is answered 503. */
const posted: {
  path: string;
  body: { type?: string; request?: unknown; summary?: string; message?: string };
}[] = [];
const server = createServer(
  wholeRequests((request, response, body) => {
    const path = request.url ?? "";
    posted.push({ path, body: JSON.parse(String(body)) as { summary?: string } });
    const status = path.includes("away") ? 503 : path.includes("over") ? 409 : 200;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ ok: true, eventId: 1, duplicate: false, detail: "The dispatch is over." }));
  }),
);

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(async () => {
  server.closeAllConnections();
  server.close();
  rmSync(spool, { recursive: true, force: true });
});

function payload(dispatchId: string, agentName = "Coder"): DispatchPayload {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback/${dispatchId}`;
  return {
    version: 1,
    dispatchId,
    attempt: 1,
    task: {
      id: "task_1",
      title: "T",
      description: "",
      priority: "normal",
      tags: [],
      context: {},
      feedback: null,
    },
    agent: { id: "agent_o'brien", name: agentName, capabilities: [] },
    callback: { url, secret: "whsec_c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZSEh", scheme: "standard-webhooks" },
    dispatchedAt: "2026-11-24T00:00:00.000Z",
  };
}

const session = "agent:coder:mission-control:task_1";
const open = () =>
  new TaskTurns((callback) => createReporter({ ...callback, spool, onFailure: () => {}, env: {} }));
const prompt = (dispatchId: string) => `You are an agent.\n\n${reportingInstructions(payload(dispatchId))}`;

test("finds in a system prompt what the server wrote there", () => {
  assert.deepEqual(callbackOfTurn(prompt("dispatch_1"), "dispatch_1"), {
    url: payload("dispatch_1").callback.url,
    secret: "whsec_c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZSEh",
    taskId: "task_1",
    agentId: "agent_o'brien",
    dispatchId: "dispatch_1",
  });
});

test("a turn that was sent again, or that brings an answer, reports to the same dispatch", () => {
  for (const runId of ["dispatch_1.2", "dispatch_1.answer.question_7", "dispatch_1.answer.question_7.2"]) {
    assert.equal(callbackOfTurn(prompt("dispatch_1"), runId)?.dispatchId, "dispatch_1", runId);
  }
  assert.equal(callbackOfTurn(prompt("dispatch_1"), "dispatch_12"), undefined);
});

test("takes no instructions of another run, and none that are not there", () => {
  assert.equal(callbackOfTurn(prompt("dispatch_1"), "dispatch_2"), undefined);
  assert.equal(callbackOfTurn("You are an agent.", "dispatch_1"), undefined);
  const both = `${prompt("dispatch_1")}\n\n${prompt("dispatch_2")}`;
  assert.equal(callbackOfTurn(both, "dispatch_2")?.url, payload("dispatch_2").callback.url);
});

test("knows the sessions of Mission Control", () => {
  assert.ok(isTaskSession(session));
  for (const other of [undefined, "agent:main:main", "agent:main:mission-control:"]) {
    assert.ok(!isTaskSession(other), String(other));
  }
});

test("a session's reports go to its newest run", async () => {
  const turns = open();
  turns.begin(session, "dispatch_1", prompt("dispatch_1"));
  const first = turns.reporter(session);
  turns.begin(session, "dispatch_1", prompt("dispatch_1"));
  assert.equal(turns.reporter(session), first, "a second request of the same run keeps its reporter");
  turns.begin(session, "dispatch_2", prompt("dispatch_2"));
  const second = turns.reporter(session);
  assert.ok(second);
  assert.equal(await outcomeOf(reportComplete(second, { summary: "Done." })), "Reported.");
  assert.equal(posted.at(-1)?.path, "/callback/dispatch_2");
  assert.equal(posted.at(-1)?.body.summary, "Done.");
  turns.end(session, "dispatch_1");
  assert.equal(turns.reporter(session), second, "the end of an older run changes nothing");
  turns.end(session, "dispatch_2");
  assert.equal(turns.reporter(session), undefined);
  await turns.close();
});

test("a question is asked with its options, each once", async () => {
  const turns = open();
  turns.begin(session, "dispatch_3", prompt("dispatch_3"));
  const reporter = turns.reporter(session);
  assert.ok(reporter);
  const question = { question: "May I?", options: ["Allow", "Deny", "Allow"] };
  assert.equal(await outcomeOf(reportQuestion(reporter, question, "q1")), "Reported.");
  const { type, request } = posted.at(-1)?.body ?? {};
  assert.deepEqual(
    [type, request],
    [
      "permission",
      {
        id: "q1",
        title: "May I?",
        options: [
          { optionId: "Allow", name: "Allow" },
          { optionId: "Deny", name: "Deny" },
        ],
      },
    ],
  );
  await turns.close();
});

test("a refused report is an error of the tool, in the server's words", async () => {
  const turns = open();
  turns.begin(session, "dispatch_over", prompt("dispatch_over"));
  const reporter = turns.reporter(session);
  assert.ok(reporter);
  await assert.rejects(outcomeOf(reportProgress(reporter, { message: "Still here" })), /dispatch is over/);
  await turns.close();
});

test("a server that is away does not hold the agent up, and the report is kept for later", async () => {
  const turns = open();
  turns.begin(session, "dispatch_away", prompt("dispatch_away"));
  const reporter = turns.reporter(session);
  assert.ok(reporter);
  const report = reportProgress(reporter, { message: "Working" });
  assert.match(await outcomeOf(report, 1), /does not answer at the moment/);
  turns.end(session, "dispatch_away");
  await turns.close();
  await assert.rejects(report, /kept in/);
  assert.match(await outcomeOf(report), /sent on later/);
});
