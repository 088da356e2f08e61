import assert from "node:assert/strict";
import { test } from "node:test";
import pino from "pino";
import type { Claim } from "../store/operations.ts";
import { AgentQueues } from "./agent-queues.ts";

test("an event that a claim knew of leads to no other claim, a later one does", async () => {
  const { queues, answers } = fixture();
  const first = queues.claim("a1");
  const followed = queues.claimAfter(7, "a1");
  (await answers.next()).resolve({ claimed: [], asOf: 7 });
  await Promise.all([first, followed]);
  assert.equal(answers.asked, 1);
  const later = queues.claimAfter(8, "a1");
  (await answers.next()).resolve({ claimed: [], asOf: 9 });
  await later;
  await queues.claimAfter(9, "a1");
  assert.equal(answers.asked, 2);
});

test("an event that a claim under way did not know of yet is claimed after it", async () => {
  const { queues, answers } = fixture();
  const first = queues.claim("a1");
  const followed = queues.claimAfter(7, "a1");
  (await answers.next()).resolve({ claimed: [], asOf: 6 });
  await first;
  (await answers.next()).resolve({ claimed: [], asOf: 7 });
  await followed;
  assert.equal(answers.asked, 2);
});

/** A store whose claims are answered by the test, in order. */
class Answers {
  asked = 0;
  readonly #waiting: PromiseWithResolvers<Claim>[] = [];
  #arrived = Promise.withResolvers<void>();

  readonly claim = (): Promise<Claim> => {
    this.asked++;
    const answer = Promise.withResolvers<Claim>();
    this.#waiting.push(answer);
    this.#arrived.resolve();
    return answer.promise;
  };

  async next(): Promise<PromiseWithResolvers<Claim>> {
    for (;;) {
      const answer = this.#waiting.shift();
      if (answer) return answer;
      await this.#arrived.promise;
      this.#arrived = Promise.withResolvers<void>();
    }
  }
}

function fixture() {
  const answers = new Answers();
  const queues = new AgentQueues({
    keep: ({ attempt }) => assert.fail(`nothing is claimed in earnest, such as ${attempt.id}`),
    store: { claim: answers.claim, change: () => Promise.reject(new Error("Nothing is put back.")) },
    ownership: { tokenOf: (agentId) => ({ name: agentId, fence: 1 }), holds: () => true },
    logger: pino({ level: "silent" }),
    begin: () => {},
    pause: () => Promise.resolve(),
  });
  return { queues, answers };
}
