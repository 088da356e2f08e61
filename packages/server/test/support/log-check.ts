import assert from "node:assert/strict";
import type { LogEvent } from "@mission-control/protocol";
import type { CallbackSender } from "./callback-sender.ts";
import type { ServerProcess } from "./server-process.ts";

/**
 * Checks that the log has each callback that was answered once, at the position it was answered with, and no other.
 * @returns the ids of all events, which rise without a gap
 */
export async function checkLog(
  server: Pick<ServerProcess, "call">,
  senders: readonly CallbackSender[],
): Promise<number[]> {
  const log = await wholeLog(server);
  const ids = log.map(({ id }) => id);
  assert.deepEqual(
    ids,
    Array.from({ length: ids.length }, (_, index) => index + 1),
    "ids rise without a gap",
  );
  const said = log.filter(({ type, message }) => type === "activity" && message !== undefined);
  const eventOf = new Map(said.map(({ message, id }) => [message, id]));
  assert.equal(eventOf.size, said.length, "no callback is in the log twice");
  let count = 0;
  for (const { answered: acknowledged } of senders) {
    for (const [message, eventId] of acknowledged) {
      assert.equal(eventOf.get(message), eventId, `${message} is in the log as it was answered`);
      count++;
    }
  }
  assert.equal(count, said.length, "and nothing else is");
  return ids;
}

async function wholeLog(server: Pick<ServerProcess, "call">): Promise<LogEvent[]> {
  const log: LogEvent[] = [];
  for (let before: string | null = ""; before !== null; ) {
    const query: string = before === "" ? "" : `&before=${before}`;
    const page: { items: LogEvent[]; nextCursor: string | null } = await server.call(
      "GET",
      `/api/events/history?limit=500${query}`,
    );
    log.push(...page.items);
    before = page.nextCursor;
  }
  return log.reverse();
}
