import assert from "node:assert/strict";
import { test } from "node:test";
import type { PermissionPolicy, PermissionRequest } from "@mission-control/protocol";
import { answerOf } from "./permission-policy.ts";

const OPTIONS = [
  { optionId: "always", name: "Always", kind: "allow_always" },
  { optionId: "yes", name: "Yes", kind: "allow_once" },
  { optionId: "no", name: "No", kind: "reject_once" },
];
const POLICY: PermissionPolicy = {
  allowTools: ["read"],
  allowCommands: ["npm test", "git status"],
  otherwise: "ask",
};
const DENYING: PermissionPolicy = { ...POLICY, otherwise: "deny" };

const about = (
  tool: PermissionRequest["tool"],
  more: Partial<PermissionRequest> = {},
): PermissionRequest => ({
  id: "r1",
  title: "May I?",
  options: OPTIONS,
  tool,
  ...more,
});
const running = (command: string) => about({ name: "execute", input: { command } });
const decided = (policy: PermissionPolicy, request: PermissionRequest) =>
  answerOf(policy, request)?.optionId ?? "ask";

test("a request is allowed once, by its tool's name or by how its command begins", () => {
  assert.equal(decided(POLICY, about({ name: "read" })), "yes");
  assert.equal(decided(POLICY, about({ name: "reading" })), "ask");
  assert.equal(decided(POLICY, running("npm test")), "yes");
  assert.equal(decided(POLICY, running(" npm test -- --watch=false")), "yes");
  assert.equal(decided(POLICY, about({ name: "execute", input: "git status" })), "yes");
  assert.equal(answerOf(POLICY, running("npm test"))?.rule, 'the command begins with "npm test"');
  assert.deepEqual(answerOf(POLICY, running("npm test -- x"))?.matched, { command: "npm test" });
  assert.deepEqual(answerOf(POLICY, about({ name: "read" }))?.matched, { tool: "read" });
  assert.deepEqual(answerOf(DENYING, about({ name: "write" }))?.matched, { otherwise: "deny" });
});

test("a command that may be more than it begins with is asked about", () => {
  for (const command of [
    "npm testing",
    "npm test; rm -rf /",
    "npm test && rm -rf /",
    "npm test | sh",
    "npm test $(rm -rf /)",
    "npm test `rm -rf /`",
    "npm test > /etc/passwd",
    "npm test\nrm -rf /",
    "sudo npm test",
  ]) {
    assert.equal(decided(POLICY, running(command)), "ask", command);
    assert.equal(decided(DENYING, running(command)), "no", command);
  }
});

test("what no option says, and what a form asks, the operator decides", () => {
  const plain = [{ optionId: "allow", name: "Allow" }];
  assert.equal(decided(POLICY, about({ name: "read" }, { options: plain })), "ask");
  assert.equal(
    decided(POLICY, about({ name: "read" }, { options: OPTIONS.slice(0, 1) })),
    "ask",
    "never for good",
  );
  assert.equal(decided(DENYING, about({ name: "edit" }, { options: plain })), "ask");
  const fields = [{ name: "branch", type: "text" as const }];
  assert.equal(decided(DENYING, about({ name: "edit" }, { fields })), "ask");
  assert.equal(decided(DENYING, about(undefined)), "no");
});
