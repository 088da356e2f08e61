import type { TestContext } from "node:test";
import type { DispatchPayload } from "@mission-control/protocol";
import { CallbackSender } from "./callback-sender.ts";

/** Senders at full speed, and how to wait for so many more answers. */
export function sending(context: TestContext, payloads: readonly DispatchPayload[]) {
  const stop = new AbortController();
  let answers = 0;
  let wake = () => {};
  const senders = payloads.map(
    (payload) =>
      new CallbackSender(payload, () => {
        answers++;
        wake();
      }),
  );
  context.after(() => {
    for (const sender of senders) sender.close();
  });
  const ended = Promise.all(senders.map((sender) => sender.run(stop.signal)));
  const answered = (count: number) =>
    new Promise<void>((resolve, reject) => {
      const goal = answers + count;
      wake = () => {
        if (answers >= goal) resolve();
      };
      ended.catch(reject);
    });
  const end = async () => {
    stop.abort();
    await ended;
  };
  return { senders, answered, end };
}
