import assert from "node:assert/strict";
import { test } from "node:test";
import { type BudgetCrossing, createBudgetSchema } from "@mission-control/protocol";
import { Budgets } from "../../src/budgets/budgets.ts";
import { Crossings } from "../../src/budgets/crossings.ts";
import { Counter } from "../../src/insights/counting.ts";
import { MAX_TAGS } from "../../src/insights/counts.ts";
import { Insights } from "../../src/insights/insights.ts";
import { FencedError } from "../../src/store/operations.ts";
import type { Store } from "../../src/store/store.ts";
import { callback, createTask, dispatchTo, type Engine, Subject } from "./engine.ts";

const DAY_MS = 24 * 3600_000;

/** A budget counts what insights count, and each share of it is told once, whichever node looks and whatever fails. */
export function budgets(engine: Engine): void {
  const { signal } = new AbortController();

  test("budgets are kept, edited and removed, each with an event, and are there after a restart", async () => {
    const { subject, now, open } = await place(engine);
    const first = await open(subject.store);
    const made = await first.create(budget({ name: "All", limit: { tokens: 100 } }));
    const other = await first.create(
      budget({ name: "Ada", limit: { amount: 5, currency: "USD" }, agentId: "a1" }),
    );
    await first.update(made.id, { limit: { tokens: 200 }, tag: "docs" });
    assert.equal(await first.remove(other.id), true);
    assert.equal(await first.remove(other.id), false);
    assert.equal(await first.update(other.id, { name: "x" }), null);
    first.close();
    await subject.reopen();
    const again = await open(subject.store);
    const [kept, ...none] = await again.list();
    assert.deepEqual([kept?.limit, kept?.tag, kept?.spent, none.length], [{ tokens: 200 }, "docs", 0, 0]);
    assert.equal(kept?.periodStart, `${now().toISOString().slice(0, 10)}T00:00:00.000Z`);
    assert.deepEqual((await again.update(made.id, { tag: null }))?.tag, undefined);
    again.close();
    const told = (await subject.log()).filter(({ type }) => type === "budget");
    assert.deepEqual(
      told.map(({ data, message }) => [data.change, message]),
      [
        ["created", "All"],
        ["created", "Ada"],
        ["edited", "All"],
        ["deleted", "Ada"],
        ["edited", "All"],
      ],
    );
    await subject.discard();
  });

  test("what is spent is told at 80 and 100 %, once, by agent and tag, and over a change of the node", async () => {
    const { subject, open, look } = await place(engine);
    const all = await open(subject.store);
    await all.create(budget({ name: "All", limit: { tokens: 100 } }));
    await all.create(budget({ name: "Ada", limit: { tokens: 40 }, agentId: "a1" }));
    await all.create(budget({ name: "Docs", limit: { tokens: 50 }, tag: "docs" }));
    await all.create(budget({ name: "Money", limit: { amount: 1, currency: "USD" } }));
    await spend(subject.store, "t1", "a1", 35, ["docs"]);
    await look();
    await look();
    assert.deepEqual(await reached(subject), ["Ada 80"]);
    await spend(subject.store, "t2", "a2", 15, ["docs"]);
    await look();
    assert.deepEqual(await reached(subject), ["Ada 80", "Docs 80", "Docs 100"]);
    all.close();
    await subject.reopen();
    await spend(subject.store, "t3", "a2", 50, []);
    await look();
    await look();
    assert.deepEqual(await reached(subject), ["Ada 80", "Docs 80", "Docs 100", "All 80", "All 100"]);
    const views = await (await open(subject.store)).list();
    assert.deepEqual(
      views.map(({ name, spent, unknown }) => [name, spent, unknown]),
      [
        ["Ada", 35, 0],
        ["All", 100, 0],
        ["Docs", 50, 0],
        ["Money", 0, 3],
      ],
    );
    await subject.discard();
  });

  test("what was counted before its teller was killed is told by the next one, under the lease alone", async () => {
    const { subject, open, look, insights, now } = await place(engine);
    const { store } = subject;
    const all = await open(store);
    await all.create(budget({ name: "All", limit: { tokens: 10 } }));
    const lease = await store.lease("insights", signal);
    await spend(store, "t1", "a1", 10, []);
    // Counted, and killed before it could be told.
    await new Counter(store, lease.token).step();
    await lease.release();
    const late = new Crossings({ store, insights: insights(store), now, under: lease.token });
    await assert.rejects(late.counted([]), FencedError);
    assert.deepEqual(await reached(subject), []);
    await look();
    await look();
    assert.deepEqual(await reached(subject), ["All 80", "All 100"]);
    all.close();
    await subject.discard();
  });

  test("a period begins anew, and the last of the one before is told when it is counted", async () => {
    const { subject, open, look, clock } = await place(engine);
    const all = await open(subject.store);
    await all.create(budget({ name: "All", limit: { tokens: 10 } }));
    await look();
    await spend(subject.store, "t1", "a1", 9, []);
    clock.at += DAY_MS;
    await spend(subject.store, "t2", "a1", 5, []);
    await look();
    assert.deepEqual(await reached(subject), ["All 80"]);
    assert.equal((await all.list())[0]?.spent, 5);
    await spend(subject.store, "t3", "a1", 3, []);
    await look();
    assert.deepEqual(await reached(subject), ["All 80", "All 80"]);
    all.close();
    await subject.discard();
  });

  test("a tag with a budget is counted, however many other tags there are", async () => {
    const { subject, open, look } = await place(engine);
    const all = await open(subject.store);
    await all.create(budget({ name: "Docs", limit: { tokens: 10 }, tag: "docs" }));
    const others = Array.from({ length: MAX_TAGS }, (_, index) => `other ${index}`);
    await spend(subject.store, "t1", "a1", 1, others);
    await look();
    await spend(subject.store, "t2", "a1", 10, ["docs"]);
    await look();
    assert.equal((await all.list())[0]?.spent, 10);
    assert.deepEqual(await reached(subject), ["Docs 80", "Docs 100"]);
    all.close();
    await subject.discard();
  });

  test("only a budget that refuses forbids new attempts, of what it covers, until its limit is raised", async () => {
    const { subject, open } = await place(engine);
    const { store } = subject;
    const all = await open(store);
    const made = await all.create(budget({ name: "Docs", limit: { tokens: 10 }, tag: "docs" }));
    await spend(store, "t1", "a1", 10, ["docs"]);
    await store.change(createTask("t2", { tags: ["docs"] }));
    await store.change(createTask("t3"));
    assert.equal(await all.refusal("t2", "a1"), null);
    await all.update(made.id, { refuses: true });
    assert.match(
      (await all.refusal("t2", "a1")) ?? "",
      /"Docs" of 10 tokens a day is used up: 10 tokens spent/,
    );
    assert.equal(await all.refusal("t3", "a1"), null);
    await all.update(made.id, { limit: { tokens: 11 } });
    assert.equal(await all.refusal("t2", "a1"), null);
    all.close();
    await subject.discard();
  });

  /** A store whose clock stands until it is moved, with what looks at budgets on it. */
  async function place(engine: Engine) {
    const clock = { at: Date.parse("2026-11-30T12:00:00.000Z") };
    const now = () => new Date(clock.at);
    const subject = await Subject.open(engine, now);
    const insights = (store: Store) => new Insights({ store, now });
    return {
      subject,
      clock,
      now,
      insights,
      open: (store: Store) => Budgets.open({ store, insights: insights(store), now }),
      /** Counts all there is, as a node that has just got the lease. */
      look: async () => {
        const { store } = subject;
        const { token: under, release } = await store.lease("insights", signal).then((lease) => ({
          token: lease.token,
          release: () => lease.release(),
        }));
        const watch = new Crossings({ store, insights: insights(store), now, under });
        await new Counter(store, under, watch).step();
        await release();
      },
    };
  }
}

function budget(fields: object) {
  return createBudgetSchema.parse({ period: "day", ...fields });
}

/** An attempt of a new task that ends with so many tokens used. */
async function spend(
  store: Store,
  taskId: string,
  agentId: string,
  tokens: number,
  tags: string[],
): Promise<void> {
  const dispatchId = `${taskId}.1`;
  await store.change(createTask(taskId, { tags }));
  await store.change(dispatchTo(agentId, taskId, dispatchId));
  await store.change({ kind: "sending", taskId, dispatchId });
  await store.change({ kind: "accepted", taskId, dispatchId });
  await store.change(callback(taskId, agentId, { type: "complete", tokens }));
}

/** What was told to be reached, in the order of the log. */
async function reached(subject: Subject): Promise<string[]> {
  return (await subject.log())
    .filter(({ type, data }) => type === "budget" && data.change === "reached")
    .map(({ data }) => data as unknown as BudgetCrossing)
    .map(({ name, threshold }) => `${name} ${threshold}`);
}
