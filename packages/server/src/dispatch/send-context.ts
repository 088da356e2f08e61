import type { SendContext } from "../gateways/gateway.ts";
import type { Store } from "../store/store.ts";
import type { Attempt } from "../tasks/task.ts";

/** What an adapter is given with an attempt: where its note on it is kept, and when to leave it. */
export function sendContext(
  store: Pick<Store, "change">,
  { id: dispatchId, taskId }: Attempt,
  signal: AbortSignal,
): SendContext {
  return {
    signal,
    remember: async (note) => {
      await store.change({ kind: "note", taskId, dispatchId, note });
    },
  };
}
