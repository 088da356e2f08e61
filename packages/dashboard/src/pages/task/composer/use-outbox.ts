import { useEffect, useMemo, useSyncExternalStore } from "react";
import { useLive, useMission } from "../../../app/use-mission.ts";
import { Outbox } from "./outbox.ts";

/** The messages of this page that the log has not told of yet. */
export function useOutbox(taskId: string) {
  const mission = useMission();
  const log = useLive((live) => live.log);
  const outbox = useMemo(() => new Outbox(taskId, (call) => mission.api.call(call)), [mission, taskId]);
  useEffect(() => mission.onBatch((_, whole) => outbox.hear(whole)), [mission, outbox]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a log that begins anew tells of nothing before it
  useEffect(() => outbox.restart(), [outbox, log]);
  const messages = useSyncExternalStore(outbox.subscribe, outbox.messages);
  return { messages, outbox };
}
