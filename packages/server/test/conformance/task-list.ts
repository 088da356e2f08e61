import assert from "node:assert/strict";
import { test } from "node:test";
import { prioritySchema, type TaskQuery, taskSortSchema, taskStatusSchema } from "@mission-control/protocol";
import fc from "fast-check";
import { InvalidCursorError, type Store } from "../../src/store/store.ts";
import type { TaskChange } from "../../src/tasks/change.ts";
import { PRIORITY_RANK, type Task } from "../../src/tasks/task.ts";
import { createTask, dispatchTo, type Engine, plain, runs, Subject } from "./engine.ts";

const TAGS = ["auth", "ui", "Auth"] as const;
const AGENTS = ["a1", "a2"] as const;
/** Few words, so that searches hit; some are short, some hold what a search language would stumble over. */
const WORDS = [
  "fix",
  "Login",
  "UI",
  "\ud83d\ude00a",
  '"quoted"',
  "a\u0000b",
  "100%",
  "x_y",
  "AND",
  "é",
  "*",
] as const;

const words = fc
  .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 4 })
  .map((list) => list.join(" "));

const someTask = fc.record({
  title: words,
  description: words,
  priority: fc.constantFrom(...prioritySchema.options),
  tags: fc.uniqueArray(fc.constantFrom(...TAGS)),
});

/** What happens to tasks so that they come to stand in every status. */
const someChange = fc.record({
  pick: fc.nat(),
  agentId: fc.constantFrom(...AGENTS),
  kind: fc.constantFrom(
    "dispatch",
    "sending",
    "accepted",
    "failed",
    "complete",
    "cancel",
    "edit",
    "retag",
    "delete",
  ),
});

const someQuery: fc.Arbitrary<Omit<TaskQuery, "limit" | "sort">> = fc.record(
  {
    status: fc.constantFrom(...taskStatusSchema.options),
    agentId: fc.constantFrom(...AGENTS, "nobody"),
    tag: fc.constantFrom(...TAGS, "none"),
    q: fc.oneof(
      words,
      fc.constantFrom("i", "log", "😀a", "ix l", "\u0000", "nowhere", '"', "%", "a\u0000b u"),
    ),
  },
  { requiredKeys: [] },
);

/** The list as somebody with all tasks in hand would make it; `tasks` in the order they were created. */
function naive(tasks: readonly Task[], query: Omit<TaskQuery, "limit">): string[] {
  const { status, agentId, tag, q, sort } = query;
  const found = tasks
    .map((task, created) => ({ task, created }))
    .filter(({ task }) => status === undefined || task.status === status)
    .filter(({ task }) => agentId === undefined || task.agentId === agentId)
    .filter(({ task }) => tag === undefined || task.tags.includes(tag))
    .filter(({ task }) => {
      const text = `${task.title}\n${task.description}`.toLowerCase();
      return q === undefined || text.includes(q.toLowerCase());
    });
  found.sort((one, other) => {
    if (sort === "priority") {
      const rank = PRIORITY_RANK[other.task.priority] - PRIORITY_RANK[one.task.priority];
      if (rank !== 0) return rank;
    }
    if (sort === "updatedAt" && one.task.updatedAt !== other.task.updatedAt) {
      return one.task.updatedAt < other.task.updatedAt ? 1 : -1;
    }
    return other.created - one.created;
  });
  return found.map(({ task }) => task.id);
}

async function paged(store: Store, query: TaskQuery): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.tasks({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    assert.ok(page.items.length <= query.limit);
    for (const task of page.items) {
      assert.deepEqual(plain(task), plain(await store.task(task.id)), "a list shows tasks as they are");
      ids.push(task.id);
    }
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return ids;
}

/** Every filter and sort of the task list, page by page. */
export function taskList(engine: Engine): void {
  test("every filter and sort pages as a naive sort of all tasks does", async () => {
    const subject = await Subject.open(engine);
    const created: string[] = [];
    let dispatches = 0;
    const apply = async ({ pick, agentId, kind }: { pick: number; agentId: string; kind: string }) => {
      const taskId = created[pick % created.length];
      if (taskId === undefined) return;
      const task = await subject.store.task(taskId);
      const dispatchId = task?.dispatchId ?? "none";
      const byKind: Record<string, TaskChange> = {
        dispatch: dispatchTo(agentId, taskId, `d${dispatches++}`),
        sending: { kind: "sending", taskId, dispatchId },
        accepted: { kind: "accepted", taskId, dispatchId },
        failed: { kind: "undelivered", taskId, dispatchId, state: "failed", reason: "no" },
        complete: {
          kind: "callback",
          taskId,
          callback: { type: "complete", taskId, agentId: task?.agentId ?? "nobody" },
          at: "2026-01-01T00:00:00.000Z",
        },
        cancel: { kind: "cancel", taskId },
        edit: { kind: "edit", taskId, fields: { title: `x_y ${pick}`, priority: "high" } },
        retag: { kind: "edit", taskId, fields: { tags: ["ui"], description: "fix é" } },
        delete: { kind: "delete", taskId },
      };
      const change = byKind[kind];
      if (!change) return;
      const result = await subject.change(change);
      if (kind === "delete" && !result.refusal) created.splice(created.indexOf(taskId), 1);
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(someTask, { maxLength: 6 }),
        fc.array(someChange, { maxLength: 12 }),
        fc.array(someQuery, { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 1, max: 20 }),
        async (tasks, changes, queries, limit) => {
          for (const fields of tasks) {
            const taskId = `t${(await subject.store.range()).newest}`;
            await subject.change(createTask(taskId, fields));
            created.push(taskId);
          }
          for (const change of changes) await apply(change);
          const all: Task[] = [];
          for (const id of created) all.push((await subject.store.task(id)) as Task);
          for (const query of queries) {
            const { agentId, tag } = query;
            const { counts, isComplete, lastEventId } = await subject.store.taskCounts({ agentId, tag });
            const counted = taskStatusSchema.options.map((status) => [
              status,
              naive(all, { agentId, tag, status, sort: "createdAt" }).length,
            ]);
            assert.deepEqual(counts, Object.fromEntries(counted), JSON.stringify({ agentId, tag }));
            assert.deepEqual([isComplete, lastEventId], [true, (await subject.store.range()).newest]);
            for (const sort of taskSortSchema.options) {
              const ids = await paged(subject.store, { ...query, sort, limit });
              assert.deepEqual(ids, naive(all, { ...query, sort }), JSON.stringify({ ...query, sort }));
            }
          }
        },
      ),
      { numRuns: runs(engine, 50) },
    );
    await subject.discard();
  });

  test("a filter that many tasks pass, or that no index helps, pages through all of them", async () => {
    const subject = await Subject.open(engine);
    const writes: Promise<unknown>[] = [];
    for (let index = 0; index < 5600; index++) {
      const fields = {
        title: `${index % 700 === 0 ? "needle" : "hay"} ${index}`,
        priority: prioritySchema.options[index % 4] ?? "normal",
        tags: index % 2 === 0 ? ["common"] : index % 1000 === 1 ? ["rare"] : [],
      };
      writes.push(subject.change(createTask(`t${index}`, fields)));
    }
    await Promise.all(writes);
    const all = await Promise.all(writes.map((_, index) => subject.store.task(`t${index}`)));
    const common = await subject.store.taskCounts({ tag: "common" });
    if (common.isComplete) assert.equal(common.counts.pending, 2800);
    else assert.ok(common.counts.pending >= 1000 && common.counts.pending <= 2800);
    assert.equal((await subject.store.taskCounts({})).counts.pending, 5600);
    const queries: Omit<TaskQuery, "sort" | "limit">[] = [
      { tag: "common", q: "needle" },
      { tag: "rare" },
      { q: "7" },
      { q: "zz" },
      { tag: "common", status: "failed" },
      { tag: "common", q: "99" },
      { q: "hay 5" },
    ];
    for (const query of queries) {
      for (const sort of taskSortSchema.options) {
        const ids: string[] = [];
        let cursor: string | null = null;
        do {
          const page = await subject.store.tasks({
            ...query,
            sort,
            limit: 500,
            ...(cursor ? { cursor } : {}),
          });
          ids.push(...page.items.map(({ id }) => id));
          cursor = page.nextCursor;
        } while (cursor !== null);
        assert.deepEqual(ids, naive(all as Task[], { ...query, sort }), JSON.stringify({ ...query, sort }));
      }
    }
    await subject.discard();
  });

  test("a search finds what is short, what is outside the basic plane, and what a search language means otherwise", async () => {
    const subject = await Subject.open(engine);
    await subject.change(createTask("t1", { title: 'say \ud83d\ude00a "aloud" AND a\u0000b 100% x_y' }));
    await subject.change(createTask("t2", { title: "nothing of it" }));
    const found = [
      "\ud83d\ude00a",
      "\ud83d\ude00",
      "a\u0000b",
      "\u0000",
      '"aloud"',
      '"',
      'ud" AND a',
      "0%",
      "%",
      "x_y",
      "SAY",
      "d",
    ];
    for (const q of found) {
      const { items } = await subject.store.tasks({ q, sort: "createdAt", limit: 5 });
      assert.deepEqual(
        items.map(({ id }) => id),
        ["t1"],
        JSON.stringify(q),
      );
    }
    for (const q of ["x%y", "xyy", "say*", "NOT nothing", "aloud OR it"]) {
      assert.deepEqual((await subject.store.tasks({ q, sort: "createdAt", limit: 5 })).items, [], q);
    }
    await subject.discard();
  });

  test("a page is exact as of the position it names", async () => {
    const subject = await Subject.open(engine);
    const query: TaskQuery = { sort: "createdAt", limit: 50 };
    assert.deepEqual(await subject.store.tasks(query), { items: [], nextCursor: null, lastEventId: 0 });
    await subject.change(createTask("t1"));
    const written = subject.change(createTask("t2"));
    const before = await subject.store.tasks(query);
    // Whether the second is in it or not is the engine's choice; that the two agree is not.
    assert.equal(before.items.length, before.lastEventId);
    await written;
    const after = await subject.store.tasks(query);
    assert.deepEqual([after.items.map(({ id }) => id), after.lastEventId], [["t2", "t1"], 2]);
    await subject.discard();
  });

  test("tasks made between two pages neither shift nor repeat what is left", async () => {
    const subject = await Subject.open(engine);
    for (let index = 0; index < 6; index++) await subject.change(createTask(`t${index}`));
    const query: TaskQuery = { sort: "createdAt", limit: 3 };
    const first = await subject.store.tasks(query);
    await subject.change(createTask("new"));
    await subject.change({ kind: "delete", taskId: "t3" });
    const second = await subject.store.tasks({ ...query, cursor: first.nextCursor ?? "" });
    assert.deepEqual(
      second.items.map(({ id }) => id),
      ["t2", "t1", "t0"],
    );
    await subject.discard();
  });

  test("a cursor that is none, or of another sort, is refused", async () => {
    const subject = await Subject.open(engine);
    for (let index = 0; index < 3; index++) await subject.change(createTask(`t${index}`));
    const { nextCursor } = await subject.store.tasks({ sort: "priority", limit: 1 });
    assert.ok(nextCursor);
    const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const broken = [
      ["createdAt", nextCursor],
      ["createdAt", "nonsense"],
      ["createdAt", ""],
      ["createdAt", encoded(["createdAt"])],
      ["createdAt", encoded(["createdAt", 1, 2])],
      ["createdAt", encoded(["createdAt", null])],
      ["createdAt", encoded(["createdAt", { a: 1 }])],
      ["createdAt", encoded({ length: 2 })],
      ["priority", encoded(["priority", 1.5, 2])],
    ] as const;
    for (const [sort, cursor] of broken) {
      await assert.rejects(subject.store.tasks({ sort, limit: 1, cursor }), InvalidCursorError, cursor);
    }
    await subject.discard();
  });
}
