import assert from "node:assert/strict";
import { test } from "node:test";
import { Followers } from "./followers.ts";
import type { LogEntry } from "./store.ts";

/** A log whose entries are announced one by one. */
class Log {
  readonly entries: LogEntry[] = [];
  reads = 0;
  readonly followers = new Followers({
    read: async (after, limit) => {
      this.reads++;
      return this.entries.slice(after, after + limit);
    },
    newest: 0,
  });

  append(count: number): void {
    for (let made = 0; made < count; made++) {
      const id = this.entries.length + 1;
      this.entries.push({ id, type: "activity", taskId: "t", agentId: "a", receivedAt: "", frame: "" });
      this.followers.announce(this.entries.slice(-1));
    }
  }
}

/** Follows from a position on, until an entry is there; the ids of each piece that was given. */
function piecesUntil(log: Log, last: number, after = 0): Promise<number[][]> {
  const pieces: number[][] = [];
  const { promise, resolve } = Promise.withResolvers<number[][]>();
  log.followers.add(
    after,
    (entries) => {
      pieces.push(entries.map(({ id }) => id));
      if (pieces.flat().includes(last)) resolve(pieces);
    },
    { inBatches: true },
  );
  return promise;
}

test("who follows in batches is given what many commits announced together, each entry once", async () => {
  const log = new Log();
  const two = [piecesUntil(log, 30), piecesUntil(log, 30)];
  log.append(30);
  for (const pieces of await Promise.all(two)) {
    assert.equal(pieces.length, 1, "thirty commits are one batch");
    assert.deepEqual(
      pieces.flat(),
      log.entries.map(({ id }) => id),
    );
  }
  assert.equal(log.reads, 0, "nothing was read again");
});

test("a batch that is large is given at once, and who began behind or between has no gap", async () => {
  const log = new Log();
  log.append(10);
  const behind = piecesUntil(log, 1010);
  log.append(5);
  // What it is behind of includes what waits for a batch.
  const between = piecesUntil(log, 1010, 12);
  log.append(995);
  assert.deepEqual(
    (await behind).flat(),
    log.entries.map(({ id }) => id),
  );
  assert.deepEqual(
    (await between).flat(),
    log.entries.slice(12).map(({ id }) => id),
  );
});
