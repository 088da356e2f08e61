import type { SendContext } from "../gateways/gateway.ts";
import type { LeaseToken } from "../store/operations.ts";
import type { Store } from "../store/store.ts";
import type { Attempt } from "../tasks/task.ts";
import type { MessageFiles } from "./message-files.ts";

/**
 * What an adapter is given with an attempt: where its note on it is kept, its messages' files, and when to leave it.
 * @param around `under`: the lease that the note is written under, if any
 */
export function sendContext(
  { store, files }: { store: Pick<Store, "change">; files: Pick<MessageFiles, "of"> },
  { id: dispatchId, taskId }: Attempt,
  { signal, under }: { signal: AbortSignal; under?: LeaseToken },
): SendContext {
  return {
    signal,
    filesOf: (messageId) => files.of(messageId),
    remember: async (note) => {
      await store.change({ kind: "note", taskId, dispatchId, note }, under && { under });
    },
  };
}
