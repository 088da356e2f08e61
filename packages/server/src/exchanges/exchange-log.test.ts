import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExchangeRecord, type ExchangeRow, newExchangeId } from "../store/exchanges.ts";
import { ExchangeLog } from "./exchange-log.ts";

function exchange(): ExchangeRecord {
  const at = new Date("2026-11-23T10:00:00.000Z");
  const id = newExchangeId("request", at);
  return {
    id,
    direction: "dispatch",
    what: "dispatch",
    at: at.toISOString(),
    result: "ok",
    tryCount: 0,
    tries: [],
  };
}

test("what is recorded while a batch is being written is written before a flush is over", async () => {
  const written: string[] = [];
  const held = Promise.withResolvers<void>();
  const store = {
    addExchanges: async (exchanges: readonly ExchangeRow[]) => {
      await held.promise;
      written.push(...exchanges.map(({ id }) => id));
    },
  };
  const log = new ExchangeLog({ store, keeps: true, logger: { error: assert.fail } });
  const [early, late] = [exchange(), exchange()];
  log.record(early);
  const first = log.flush();
  log.record(late);
  const second = log.flush();
  held.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(written, [early.id, late.id]);
  await log.close();
});
