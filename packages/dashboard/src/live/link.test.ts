import assert from "node:assert/strict";
import { test } from "node:test";
import { type LiveLink, OpeningLink } from "./link.ts";
import type { TabMessage } from "./messages.ts";

/** What is loaded before a link is open, in the hands of a test. */
function opening() {
  const sent: TabMessage[] = [];
  const tries: { open(): void; fail(): void }[] = [];
  let closed = 0;
  const inner: LiveLink = { send: (message) => void sent.push(message), close: () => closed++ };
  const link = new OpeningLink(
    () => {
      const { promise, resolve, reject } = Promise.withResolvers<LiveLink>();
      tries.push({ open: () => resolve(inner), fail: () => reject(new Error("not loaded")) });
      return promise;
    },
    () => assert.fail(),
  );
  return { link, sent, tries, closed: () => closed };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));
const attach = (after: number): TabMessage => ({ kind: "attach", after, key: null });

test("where the tab stands by then is what the link is told when it is open, and nothing before", async () => {
  const { link, sent, tries } = opening();
  link.send(attach(1));
  link.send({ kind: "detach" });
  link.send(attach(2));
  assert.deepEqual(sent, []);
  tries[0]?.open();
  await settled();
  assert.deepEqual(sent, [attach(2)]);
  link.send({ kind: "retry", key: null });
  assert.deepEqual(sent.at(-1), { kind: "retry", key: null });
});

test("one that could not be loaded is loaded again, at once when somebody asks", async () => {
  const { link, sent, tries } = opening();
  link.send(attach(1));
  tries[0]?.fail();
  await settled();
  assert.equal(tries.length, 1);
  link.send({ kind: "retry", key: null });
  await settled();
  assert.equal(tries.length, 2);
  tries[1]?.open();
  await settled();
  assert.deepEqual(sent, [attach(1)]);
  link.close();
});

test("one that is closed before it is open follows nothing, and is closed when it comes", async () => {
  const { link, sent, tries, closed } = opening();
  link.send(attach(1));
  link.close();
  tries[0]?.open();
  await settled();
  assert.deepEqual([sent, closed()], [[], 1]);
});

test("one that is closed while it waits to be loaded again is not", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { link, tries } = opening();
  tries[0]?.fail();
  await settled();
  link.close();
  context.mock.timers.tick(60_000);
  await settled();
  assert.equal(tries.length, 1);
});
