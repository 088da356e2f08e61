import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { promisify } from "node:util";
import {
  callbackSchema,
  type DispatchPayload,
  formatSecret,
  STANDARD_HEADERS,
  secretKey,
  verifyStandard,
} from "@mission-control/protocol";
import { wholeRequests } from "../../../../protocol/test/whole-requests.ts";
import { reportingInstructions, turnMessage } from "./turn-message.ts";

const payload: DispatchPayload = {
  version: 1,
  dispatchId: "dispatch_1",
  attempt: 2,
  task: {
    id: "task_1",
    title: "Fix the log-in",
    description: "It fails on Mondays.",
    priority: "high",
    tags: ["auth", "bug"],
    context: { repo: "shop" },
    feedback: "Add a test.",
  },
  agent: { id: "agent_1", name: "Coder", capabilities: [] },
  callback: {
    url: "http://127.0.0.1:1/cb",
    secret: formatSecret(Buffer.from("a secret of 32 bytes, more/less!")),
    scheme: "standard-webhooks",
  },
  dispatchedAt: "2026-11-23T10:00:00.000Z",
};

test("the message holds the whole task and no secret", () => {
  const message = turnMessage(payload);
  for (const part of [
    "Fix the log-in",
    "It fails on Mondays.",
    "Add a test.",
    '"repo": "shop"',
    "auth, bug",
  ]) {
    assert.ok(message.includes(part), part);
  }
  assert.ok(!message.includes(payload.callback.secret));
});

test("a task without more than a title is a short message", () => {
  const task = { ...payload.task, description: "", tags: [], context: {}, feedback: null };
  assert.equal(turnMessage({ ...payload, attempt: 1, task }), "# Fix the log-in\n\nPriority: high");
});

test("native tools come before commands, where there are any", () => {
  const instructions = reportingInstructions(payload);
  for (const tool of ["progress", "complete", "fail"]) {
    const at = instructions.indexOf(`mission_control_${tool}`);
    assert.ok(at >= 0 && at < instructions.indexOf("mission-control report"), tool);
  }
});

test("the curl commands, as they are written, post a callback that verifies", async () => {
  const received = Promise.withResolvers<{ headers: NodeJS.Dict<string | string[]>; body: string }>();
  const listener = wholeRequests(({ headers }, response, body) => {
    response.end("{}");
    received.resolve({ headers, body: String(body) });
  });
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/it's`;
  const sent = { ...payload, callback: { ...payload.callback, url } };
  const instructions = reportingInstructions(sent);
  const variables = /^MISSION_CONTROL_CALLBACK_URL=.*$/m.exec(instructions)?.[0].replace(/ \\$/, "");
  const script = instructions.slice(instructions.indexOf("BODY="), instructions.indexOf("\n\n`type`"));
  try {
    await promisify(execFile)("sh", ["-c", `${variables}\n${script}`]);
    const { headers, body } = await received.promise;
    const text = (name: string) => String(headers[name]);
    const delivery = {
      id: text(STANDARD_HEADERS.id),
      timestamp: text(STANDARD_HEADERS.timestamp),
      signature: text(STANDARD_HEADERS.signature),
      body,
    };
    const now = Math.floor(Date.now() / 1000);
    assert.ok(verifyStandard([secretKey(sent.callback.secret)], delivery, now));
    assert.equal(callbackSchema.parse(JSON.parse(body)).taskId, "task_1");
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
