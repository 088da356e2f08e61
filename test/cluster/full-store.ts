import { createHash } from "node:crypto";
import { keptPayload } from "../../packages/server/src/dispatch/payload.ts";
import { Counter } from "../../packages/server/src/insights/counting.ts";
import type { Contents } from "../../packages/server/src/store/contents.ts";
import { type ExchangeRecord, exchangeRow } from "../../packages/server/src/store/exchanges.ts";
import type { InsightQuery } from "../../packages/server/src/store/insights.ts";
import type { Store } from "../../packages/server/src/store/store.ts";
import type { TaskChange } from "../../packages/server/src/tasks/change.ts";
import {
  callback,
  createTask,
  dispatchTo,
  newEvent,
  picture,
  plain,
  register,
  running,
} from "../../packages/server/test/conformance/engine.ts";

/** A callback that is in it. */
export const HALF: TaskChange = callback("t1", "a1", { type: "progress", message: "Half \u0000", tokens: 3 });

/** Everything that was counted. */
const COUNTS: readonly InsightQuery[] = (["hour", "day"] as const).map((length) => ({
  ranges: [{ from: "2000", to: "2100", length }],
  agentId: { each: true },
  tag: "",
}));

/** What an agent was sent. */
const EXCHANGE: ExchangeRecord = {
  id: "request_1",
  direction: "dispatch",
  what: "dispatch",
  at: "2026-01-01T00:00:00.000Z",
  result: "failed",
  reason: "\u0000 \u{1f680}",
  tryCount: 1,
  taskId: "t1",
  tries: [],
};

/** More than one piece of either engine. */
const BYTES = Buffer.alloc(600_000, "artifact \0 ");
const SHA256 = createHash("sha256").update(BYTES).digest("hex");

async function* bytes() {
  yield BYTES;
}

/** Something of everything that a store keeps, and more events than are carried at a time. */
export async function fill(store: Store, contents: Contents): Promise<void> {
  await register(store, "a2", 3);
  await running(store, "t1", "a1", "d1");
  await store.change(
    createTask("t2", {
      title: "Grüße \u0000 \u{1f680}",
      description: "A \u0000 long text\n".repeat(100),
      tags: ["one", 'two "three"', "\u0000"],
      context: { z: 1, a: { nested: [null, "\u0000"] } },
      priority: "urgent",
    }),
  );
  await store.change(createTask("t3"), { key: { scope: "POST /api/tasks", key: "k", fingerprint: "f" } });
  await store.change(dispatchTo("a2", "t2", "d2"));
  const queue = await store.lease("queue", new AbortController().signal);
  await register(store, "a3");
  await store.change(createTask("t4"));
  await store.change(dispatchTo("a3", "t4", "d4"));
  await store.claim("a3", queue.token, (claimed) =>
    keptPayload({ publicUrl: () => "http://127.0.0.1:1" }, claimed),
  );
  await queue.release();
  await store.change(HALF, { key: { key: "half" } });
  await contents.keep(bytes(), { sha256: SHA256, size: null, maxBytes: BYTES.length });
  const artifact = { id: "x", name: "x.bin", mediaType: "text/plain", size: BYTES.length, sha256: SHA256 };
  const left = { taskId: "t1", agentId: "a1", type: "artifact", artifact } as const;
  await store.change({ kind: "callback", taskId: "t1", callback: left, at: "2026-01-01T00:00:00.000Z" });
  const message = { messageId: "m1", text: "And then?", mode: "next", by: "operator" } as const;
  await store.change({ kind: "send_message", taskId: "t1", ...message });
  const delivery = {
    id: "w1.5",
    endpointId: "w1",
    eventId: 5,
    state: "waiting",
    updatedAt: "2026",
    event: '{"a":"\\u0000é"}',
  };
  await store.edit("webhook", "w1", () => ({ record: { id: "w1" }, deliveries: [delivery] }) as never);
  await store.addExchanges([exchangeRow(EXCHANGE)]);
  await store.edit("session", "s1", () => ({ record: { id: "s1" } as never }));
  await store.edit("budget", "b1", () => ({ record: { id: "b1", limit: { tokens: 5 } } as never }));
  const lease = await store.lease("insights", new AbortController().signal);
  await new Counter(store, lease.token).step();
  await lease.release();
  await store.change({ kind: "cancel", taskId: "t1" });
  for (let count = 0; count < 450; count += 50) {
    await store.append(
      Array.from({ length: 50 }, (_, index) => newEvent("gateway", { message: `${count + index}` })),
    );
  }
  await store.change({ kind: "delete", taskId: "t3" });
  await store.prune({ keepEvents: 440, receiptsBefore: "2000-01-01T00:00:00.000Z", rows: 1000 });
}

/** All that reads of a store tell. */
export async function told(store: Store, contents: Contents): Promise<unknown> {
  const query = { sort: "createdAt", limit: 10 } as const;
  return plain({
    one: await store.task("t1"),
    page: await store.tasks(query),
    found: await store.tasks({ ...query, q: "grüße" }),
    urgent: await store.tasks({ ...query, sort: "priority", tag: 'two "three"' }),
    attempts: [await store.attemptsOf("t1"), await store.attemptsOf("t2")],
    snapshot: picture(await store.snapshot()),
    agents: await store.records("agent"),
    artifacts: await store.artifacts("t1", 0, 10),
    contents: await sha256Of(contents),
    messages: await store.messagesOf("t1", 0, 10),
    deliveries: [await store.waitingDeliveries("w1", 10), await store.deliveryEvent("w1.5")],
    payload: await store.sentPayload("t4", "d4"),
    counts: (await store.insights(COUNTS, 0)).rows,
    uncounted: (await store.uncountedFacts(10)).map(({ fact }) => fact),
    exchange: [
      await store.exchange("request_1"),
      await store.exchanges({ kind: "request", taskId: "t1", limit: 10 }),
    ],
    session: await store.record("session", "s1"),
    budgets: await store.records("budget"),
    range: await store.range(),
    events: (await store.history(null, {}, 500)).items,
    ofTask: (await store.taskEvents("t2", 0, 500)).items,
  });
}

async function sha256Of(contents: Contents): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of (await contents.read(SHA256))?.bytes ?? []) hash.update(piece);
  return hash.digest("hex");
}
