import assert from "node:assert/strict";
import { test } from "node:test";
import { type CallbackError, createReporter } from "../src/index.ts";
import { type Behaviour, CallbackServer } from "./callback-server.ts";
import { FakeClock } from "./fake-clock.ts";
import { seededRandom } from "./seeded-random.ts";

const RUNS = 200;

const FAULTS: Behaviour[] = [
  "reset",
  "store-then-reset",
  "store-then-half",
  { status: 500 },
  { status: 503, headers: { "retry-after": "2" } },
  { status: 429, headers: { "retry-after": "1" } },
];

test(`${RUNS} runs over a bad network: every completion once, progress in order, failures in words`, async (t) => {
  const server = await new CallbackServer().listen();
  t.after(() => server.close());
  for (let seed = 1; seed <= RUNS; seed++) {
    const random = seededRandom(seed);
    const clock = new FakeClock();
    server.now = () => clock.now();
    server.stored.length = 0;
    const badness = random() * 0.9;
    server.behave = () =>
      random() < badness ? (FAULTS[Math.floor(random() * FAULTS.length)] ?? "ok") : "ok";
    const failures: CallbackError[] = [];
    const onFailure = (error: CallbackError) => failures.push(error);
    const agent = createReporter({ ...server.target(`run-${seed}`), clock, random, spool: false, onFailure });
    const sent = ["1", "2", "3"].map((word) => agent.progress(word));
    sent.push(agent.complete("done"));
    const results = await Promise.allSettled(sent);
    await agent.close();

    const label = `seed ${seed}`;
    const { words } = server;
    assert.deepEqual(words, words.toSorted(), `${label}: in order`);
    assert.equal(new Set(words).size, words.length, `${label}: each once`);
    results.forEach((result, index) => {
      const word = ["1", "2", "3", "done"][index] ?? "";
      if (result.status === "fulfilled") assert.ok(words.includes(word), `${label}: ${word} was stored`);
      else assert.match(result.reason.message, /the last try met: .+/, label);
    });
    assert.equal(failures.length, results.filter((result) => result.status === "rejected").length, label);
  }
});
