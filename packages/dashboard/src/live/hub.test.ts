import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { frame, StreamServer } from "../../test/support/stream-server.ts";
import { LiveHub } from "./hub.ts";
import type { HubMessage } from "./messages.ts";
import { browserSurroundings } from "./surroundings.ts";

const KEY = "a key";

let server: StreamServer;
let hub: LiveHub;
/** How far the computer's clock was set. */
let clock: number;
beforeEach(async () => {
  server = await StreamServer.listen();
  clock = 0;
  const { now } = Date;
  mock.method(Date, "now", () => now() + clock);
  hub = new LiveHub({
    ...browserSurroundings(""),
    fetch: server.fetch,
    random: () => 0,
    isOnline: () => true,
  });
});
afterEach(async () => {
  hub.close();
  await server.close();
  mock.restoreAll();
});

class TestTab {
  readonly ids: number[] = [];
  readonly resets: number[] = [];
  #told: () => void = () => {};

  post(message: HubMessage): void {
    if (message.kind === "events") {
      this.ids.push(...(JSON.parse(message.json) as { id: number }[]).map(({ id }) => id));
      assert.equal(message.lastId, this.ids.at(-1));
    }
    if (message.kind === "reset") this.resets.push(message.newest);
    this.#told();
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => (this.#told = resolve));
  }
}

test("all tabs share one connection, each from its own snapshot on", async () => {
  const first = new TestTab();
  hub.attach(first, 10, KEY);
  const stream = await server.stream();
  stream.write(frame(11) + frame(12) + frame(13));
  await first.until(() => first.ids.includes(13));
  const second = new TestTab();
  hub.attach(second, 11, KEY);
  stream.write(frame(14));
  await second.until(() => second.ids.includes(14));
  await first.until(() => first.ids.includes(14));
  assert.deepEqual(first.ids, [11, 12, 13, 14]);
  assert.deepEqual(second.ids, [12, 13, 14]);
  assert.deepEqual(server.opened, ["10"]);
});

test("a tab whose snapshot is older than what the hub still has is told to take another", async () => {
  const first = new TestTab();
  hub.attach(first, 10, KEY);
  (await server.stream()).write(frame(11));
  await first.until(() => first.ids.includes(11));
  const late = new TestTab();
  hub.attach(late, 4, KEY);
  assert.deepEqual(late.resets, [11]);
});

test("the connection ends with the last tab and begins again with the next", async () => {
  const tab = new TestTab();
  hub.attach(tab, 1, KEY);
  const stream = await server.stream();
  const closed = new Promise((resolve) => stream.once("close", resolve));
  hub.detach(tab);
  await closed;
  hub.attach(tab, 7, KEY);
  await server.stream();
  assert.deepEqual(server.opened, ["1", "7"]);
});

test("a flood goes out in order and whole", async () => {
  const tab = new TestTab();
  hub.attach(tab, 0, KEY);
  const stream = await server.stream();
  for (let id = 1; id <= 20_000; id += 100) {
    stream.write(Array.from({ length: 100 }, (_, offset) => frame(id + offset)).join(""));
  }
  await tab.until(() => tab.ids.length === 20_000);
  assert.ok(tab.ids.every((id, index) => id === index + 1));
});

test("events go on when the computer's clock is set back an hour", async () => {
  const tab = new TestTab();
  hub.attach(tab, 0, KEY);
  const stream = await server.stream();
  stream.write(frame(1));
  await tab.until(() => tab.ids.includes(1));
  clock = -3_600_000;
  stream.write(frame(2));
  await tab.until(() => tab.ids.includes(2));
  stream.write(frame(3));
  await tab.until(() => tab.ids.includes(3));
});
