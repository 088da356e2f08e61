import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEntry } from "../store/store.ts";
import { Ring } from "./ring.ts";

const entry = (id: number): LogEntry => ({
  id,
  type: "activity",
  taskId: undefined,
  agentId: undefined,
  receivedAt: "2026-01-01T00:00:00.000Z",
  frame: `id: ${id}\n\n`,
});

test("where ids are left out, what stands before is read from the log, and what comes behind from here", () => {
  const ring = new Ring(0);
  ring.append([1, 2, 3].map(entry));
  ring.append([1_000_004, 1_000_005].map(entry));
  assert.deepEqual(
    [ring.head, ring.reaches(2), ring.reaches(3), ring.reaches(1_000_003)],
    [1_000_005, false, false, true],
  );
  const text = ({ buffers }: { buffers: Uint8Array[] }) => Buffer.concat(buffers).toString();
  assert.equal(text(ring.after(1_000_003, ring.head, null, 1000)), "id: 1000004\n\nid: 1000005\n\n");
  assert.equal(text(ring.pick([1_000_005])), "id: 1000005\n\n");
});
