import assert from "node:assert/strict";
import { test } from "node:test";
import type { Priority } from "@mission-control/protocol";
import { seeded } from "../../../test/support/mutations.ts";
import { type Attempt, PRIORITY_RANK } from "../../tasks/task.ts";
import { byUrgency } from "../draft.ts";
import { QueueHeads } from "./queue-heads.ts";

const PRIORITIES = Object.keys(PRIORITY_RANK) as Priority[];

/** Attempts as the database has them; the reads of their queue are counted. */
class Attempts {
  readonly all = new Map<string, Attempt>();
  reads = 0;
  readonly heads = new QueueHeads((_, limit) => {
    this.reads++;
    return this.queue().slice(0, limit);
  });

  queue(): Attempt[] {
    return [...this.all.values()].filter(({ state }) => state === "queued").sort(byUrgency);
  }

  write(id: string, fields: Partial<Attempt>): void {
    const before = this.all.get(id) ?? {
      ...{ id, taskId: id, agentId: "a1", number: 1, state: "queued", priority: "normal", feedback: null },
      ...{ note: null, queuedAt: "", sentAt: null, acceptedAt: null, endedAt: null },
    };
    const attempt = { ...before, ...fields } as Attempt;
    this.all.set(id, attempt);
    this.heads.written(attempt);
  }
}

test("the head of a queue is the same as the queue's own, whatever comes, goes, returns or becomes more urgent", () => {
  const random = seeded(17);
  const pick = <Value>(values: readonly Value[]) => values[Math.floor(random() * values.length)] as Value;
  const attempts = new Attempts();
  for (let step = 0; step < 2000; step++) {
    const queue = attempts.queue();
    const kind = random();
    if (kind < 0.3) {
      // Clocks differ and are set back: what comes later does not always stand behind.
      const queuedAt = String(step - Math.floor(random() * 5)).padStart(6, "0");
      attempts.write(`d${step}`, { queuedAt, priority: random() < 0.9 ? "normal" : pick(PRIORITIES) });
    } else if (kind < 0.65) {
      for (const id of attempts.heads.first("a1", pick([1, 1, 2, 40])))
        attempts.write(id, { state: "sending" });
    } else if (kind < 0.75 && queue.length > 0) {
      attempts.write(pick(queue).id, { state: "cancelled" });
    } else if (kind < 0.85 && queue.length > 0) {
      attempts.write(pick(queue).id, { priority: pick(PRIORITIES) });
    } else if (kind < 0.9) {
      const sent = [...attempts.all.values()].find(({ state }) => state === "sending");
      if (sent) attempts.write(sent.id, { state: "queued" });
    } else if (kind < 0.95) {
      for (let more = 0; more < 20; more++) {
        attempts.write(`d${step}.${more}`, { queuedAt: String(step).padStart(6, "0") });
      }
    }
    const limit = pick([1, 2, 5, 16, 40]);
    const expected = attempts.queue().slice(0, limit);
    assert.deepEqual(
      attempts.heads.first("a1", limit),
      expected.map(({ id }) => id),
    );
  }
});

test("a long queue is read many at a time, and an empty one once", () => {
  const attempts = new Attempts();
  assert.deepEqual(attempts.heads.first("a1", 1), []);
  assert.deepEqual(attempts.heads.first("a1", 1), []);
  assert.equal(attempts.reads, 1);
  for (let index = 0; index < 160; index++)
    attempts.write(`d${index}`, { queuedAt: String(index).padStart(3, "0") });
  attempts.reads = 0;
  for (let index = 0; index < 160; index++) {
    assert.deepEqual(attempts.heads.first("a1", 1), [`d${index}`]);
    attempts.write(`d${index}`, { state: "sending" });
  }
  // Nor is all of it kept.
  assert.ok(attempts.reads >= 10 && attempts.reads <= 11, `${attempts.reads} reads`);
});
