import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, mock, test } from "node:test";
import { frame, StreamServer } from "../../test/support/stream-server.ts";
import type { HubMessage } from "./messages.ts";
import { SharedLink, type TabSurroundings } from "./shared-link.ts";
import { browserSurroundings } from "./surroundings.ts";

let server: StreamServer;
let name: string;
let tabs: TestTab[];
beforeEach(async () => {
  server = await StreamServer.listen();
  name = randomUUID();
  tabs = [];
});
afterEach(async () => {
  for (const tab of tabs) tab.link.close();
  await server.close();
  mock.timers.reset();
});

/** A tab that keeps what it is sent. */
class TestTab {
  readonly ids: number[] = [];
  readonly link: SharedLink;
  phase = "";
  #told: () => void = () => {};

  constructor(id: string, locks: TabSurroundings["locks"]) {
    // Each waits its own time before it leads.
    const patience = tabs.length / 10;
    const around: TabSurroundings = {
      ...browserSurroundings(""),
      fetch: server.fetch,
      random: () => patience,
      isOnline: () => true,
      locks,
      id,
      key: () => "a key",
    };
    this.link = new SharedLink(around, name, (message) => this.#take(message));
    tabs.push(this);
  }

  attach(after: number): this {
    this.link.send({ kind: "attach", after, key: "a key" });
    return this;
  }

  #take(message: HubMessage): void {
    if (message.kind === "events") {
      this.ids.push(...(JSON.parse(message.json) as { id: number }[]).map(({ id }) => id));
    }
    if (message.kind === "status") this.phase = message.status.phase;
    this.#told();
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => (this.#told = resolve));
  }

  has(id: number): Promise<void> {
    return this.until(() => this.ids.includes(id));
  }
}

for (const [means, locks] of [
  ["locks", navigator.locks],
  ["asking", null],
] as const) {
  test(`by ${means}: one tab holds the connection, all get every event, each from its own snapshot on`, async () => {
    const first = new TestTab("a", locks).attach(10);
    const stream = await server.stream();
    stream.write(frame(11) + frame(12));
    await first.has(12);
    const others = ["b", "c", "d"].map((id) => new TestTab(id, locks).attach(11));
    for (const other of others) await other.has(12);
    stream.write(frame(13));
    for (const other of others) await other.has(13);
    await first.has(13);
    assert.deepEqual(first.ids, [11, 12, 13]);
    for (const other of others) assert.deepEqual(other.ids, [12, 13]);
    assert.deepEqual(server.opened, ["10"]);
  });

  test(`by ${means}: when the leader goes away another goes on after its last event, and nobody misses one`, async () => {
    const first = new TestTab("a", locks).attach(0);
    (await server.stream()).write(frame(1));
    await first.has(1);
    const others = ["b", "c", "d"].map((id) => new TestTab(id, locks).attach(1));
    for (const other of others) await other.until(() => other.phase === "live");
    first.link.close();
    const next = await server.stream();
    next.write(frame(2));
    for (const other of others) await other.has(2);
    // Who went away comes back from where it was, as a page does out of the browser's cache.
    first.attach(1);
    await first.has(2);
    next.write(frame(3));
    for (const tab of [first, ...others]) await tab.has(3);
    assert.deepEqual(first.ids, [1, 2, 3]);
    for (const other of others) assert.deepEqual(other.ids, [2, 3]);
    assert.deepEqual(server.opened, ["0", "1"]);
  });
}

test("a frozen leader, which holds its lock and answers nobody, is replaced", async () => {
  mock.timers.enable({ apis: ["setInterval"] });
  let thaw: () => void = () => {};
  await new Promise<void>((holds) => {
    navigator.locks
      .request(name, () => {
        holds();
        return new Promise<void>((resolve) => (thaw = resolve));
      })
      .catch(() => undefined);
  });
  const tab = new TestTab("a", navigator.locks).attach(4);
  for (let look = 0; look < 3; look++) mock.timers.tick(5_000);
  (await server.stream()).write(frame(5));
  await tab.has(5);
  assert.deepEqual(server.opened, ["4"]);
  thaw();
});

test("of two tabs that lead, one goes on, and what the other had is not sent twice", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const [b, a] = [new TestTab("b", null).attach(0), new TestTab("a", null).attach(0)];
  // In the same moment: neither hears of the other in time.
  mock.timers.tick(500);
  mock.timers.reset();
  const late = new TestTab("c", null).attach(0);
  for (const tab of tabs) await tab.until(() => tab.phase === "live");
  server.write(frame(1));
  for (const tab of tabs) await tab.has(1);
  assert.deepEqual([a.ids, b.ids, late.ids], [[1], [1], [1]]);
});
