import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  type Entry,
  type LogEvent,
  type TranscriptEntry,
  transcriptPageSchema,
} from "@mission-control/protocol";
import { entryPartOf, foldEntry, keyOfEntry } from "@mission-control/protocol/transcript-fold";
import { type HttpFixture, startHttp } from "../../test/http-fixture.ts";

let http: HttpFixture;
before(async () => {
  http = await startHttp();
});
after(() => http.close());

const AT = "2026-11-23T10:00:00.000Z";

/** A task at work, and how its agent reports entries. */
async function atWork() {
  const endpoint = { kind: "http", url: "http://127.0.0.1:9/" };
  const agent = await http.call("POST", "/api/agents", { name: "worker", endpoint });
  const agentId: string = agent.body.id;
  const taskId: string = (await http.call("POST", "/api/tasks", { title: "Test it" })).body.id;
  const { dispatchId } = (await http.call("POST", `/api/tasks/${taskId}/dispatch`, { agentId })).body;
  const report = async (...entries: Entry[]) => {
    for (const entry of entries) {
      const callback = { taskId, agentId, type: "progress", entry } as const;
      const result = await http.store.change({ kind: "callback", taskId, dispatchId, callback, at: AT });
      assert.equal(result.refusal, undefined);
    }
  };
  return { taskId, dispatchId, report };
}

const read = async (taskId: string, query = "") =>
  (await http.call("GET", `/api/tasks/${taskId}/transcript${query}`)).body;

test("a task's entries come in pages, each whole, with where it stands", async () => {
  const { taskId, dispatchId, report } = await atWork();
  await report(
    {
      id: "x",
      kind: "tool",
      name: "exec",
      title: "npm test",
      input: { command: "npm test" },
      state: "running",
    },
    { kind: "message", role: "assistant", text: "Testing" },
    { id: "x", kind: "tool", output: "1 failing", exitCode: 1, state: "failed" },
    { kind: "thought", text: "Hm." },
  );
  const first = await read(taskId, "?limit=2");
  assert.deepEqual(transcriptPageSchema.parse(first), first);
  const [tool, message] = first.items;
  const { eventId, lastEventId, ...rest } = tool;
  assert.deepEqual(rest, {
    id: "x",
    kind: "tool",
    name: "exec",
    title: "npm test",
    input: { command: "npm test" },
    output: "1 failing",
    exitCode: 1,
    state: "failed",
    dispatchId,
    attempt: 1,
    timestamp: AT,
    updatedAt: AT,
  });
  assert.ok(lastEventId > message.eventId && message.eventId > eventId);
  assert.equal(first.nextCursor, String(message.eventId));
  const second = await read(taskId, `?limit=2&after=${first.nextCursor}`);
  assert.deepEqual([second.items[0].kind, second.items.length, second.nextCursor], ["thought", 1, null]);
  const newest = await read(taskId, "?order=desc&limit=2");
  assert.deepEqual(newest.items, [...second.items, message]);
  const oldest = await read(taskId, `?order=desc&limit=2&before=${newest.nextCursor}`);
  assert.deepEqual([oldest.items, oldest.nextCursor], [[tool], null]);
});

test("who pages, and then follows the stream from the first page's position, has everything", async () => {
  const { taskId, report } = await atWork();
  const tool = (id: string, more: object = {}): Entry => ({ id, kind: "tool", ...more });
  await report(tool("1"), tool("2"), tool("3"));
  const entries = new Map<string, TranscriptEntry>();
  const keep = (items: TranscriptEntry[]) => {
    for (const item of items) entries.set(keyOfEntry(item), item);
  };
  const first = await read(taskId, "?limit=1");
  keep(first.items);
  await report(tool("1", { title: "changed behind its page" }), tool("2", { title: "before its page" }));
  keep((await read(taskId, `?limit=9&after=${first.nextCursor}`)).items);
  await report(tool("4"), tool("3", { output: "later" }));
  const { body } = await http.call("GET", `/api/tasks/${taskId}/events?after=${first.lastEventId}`);
  for (const event of body.items as LogEvent[]) {
    const part = entryPartOf(event);
    if (part) entries.set(part.key, foldEntry(entries.get(part.key), part, 1));
  }
  assert.deepEqual([...entries.values()], (await read(taskId)).items);
});

test("a search finds what an entry holds, and says where", async () => {
  const { taskId, report } = await atWork();
  await report(
    { kind: "message", text: "Looking for the needle" },
    { id: "x", kind: "tool", title: "grep", output: "hay" },
    { kind: "thought", text: "Hm." },
    { id: "x", kind: "tool", output: "hay NEEDLE" },
  );
  const { items, nextCursor } = await read(taskId, "?q=needle");
  assert.deepEqual(
    items.map(({ matches }: TranscriptEntry) => matches),
    [[{ path: "text", start: 16, end: 22 }], [{ path: "output", start: 4, end: 10 }]],
  );
  assert.equal(nextCursor, null);
  const newest = await read(taskId, "?q=needle&order=desc&limit=1");
  assert.equal(newest.items[0].kind, "tool");
  const next = await read(taskId, `?q=needle&order=desc&limit=1&before=${newest.nextCursor}`);
  assert.equal(next.items[0].kind, "message");
  const history = await http.call("GET", `/api/events/history?taskId=${taskId}&q=needle`);
  assert.equal(history.body.items.length, 2);
});

test("a task without entries has an empty transcript, one that is not there none", async () => {
  const { taskId } = await atWork();
  const empty = await read(taskId);
  assert.deepEqual([empty.items, empty.nextCursor], [[], null]);
  assert.equal((await http.call("GET", "/api/tasks/nobody/transcript")).status, 404);
  assert.equal((await http.call("GET", `/api/tasks/${taskId}/transcript?order=up`)).status, 400);
});
