import assert from "node:assert/strict";
import { test } from "node:test";
import type { PermissionRequest } from "@mission-control/protocol";
import { firstOption, isLasting, orderedOptions } from "./answer-order.ts";

function request(tool: string | undefined, ...kinds: (string | undefined)[]): PermissionRequest {
  return {
    id: "req_1",
    title: "Run it",
    options: kinds.map((kind, at) => ({ optionId: `o${at}`, name: `${kind}`, kind })),
    tool: tool === undefined ? undefined : { name: tool },
  };
}
const kinds = (asked: PermissionRequest) => orderedOptions(asked).map(({ kind }) => kind);

test("what holds for longer is never the first answer to a command or an edit, wherever the agent put it", () => {
  for (const tool of ["execute", "edit", "Bash", undefined]) {
    assert.deepEqual(
      kinds(request(tool, "allow_always", "allow_once", "reject_always", "reject_once", undefined)),
      ["allow_once", "reject_once", undefined, "allow_always", "reject_always"],
    );
  }
});

test("reading changes nothing: there the agent's order stays", () => {
  assert.deepEqual(kinds(request("read", "allow_always", "allow_once")), ["allow_always", "allow_once"]);
});

test("to allow once is what one would do; to allow for good is nothing that is offered so", () => {
  assert.equal(firstOption(request("execute", "allow_always", "allow_once"))?.kind, "allow_once");
  assert.equal(firstOption(request("read", "allow_always", "reject_once")), undefined);
  assert.ok(isLasting({ optionId: "a", name: "Always", kind: "allow_always" }));
  assert.ok(!isLasting({ optionId: "a", name: "Always" }));
});
