import type { SendContext } from "../gateways/gateway.ts";
import type { LeaseToken } from "../store/plan.ts";
import type { Store } from "../store/store.ts";
import type { Attempt } from "../tasks/task.ts";

/**
 * What an adapter is given with an attempt: where its note on it is kept, and when to leave it.
 * @param around `under`: the lease that the note is written under, if any
 */
export function sendContext(
  store: Pick<Store, "change">,
  { id: dispatchId, taskId }: Attempt,
  { signal, under }: { signal: AbortSignal; under?: LeaseToken },
): SendContext {
  return {
    signal,
    remember: async (note) => {
      await store.change({ kind: "note", taskId, dispatchId, note }, under && { under });
    },
  };
}
