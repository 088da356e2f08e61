import type { MessageMode, MessageView } from "@mission-control/protocol";
import { useCallback, useEffect, useRef, useState } from "react";
import type { ApiError } from "../../../api/api-error.ts";
import { newIdempotencyKey } from "../../../api/idempotency-key.ts";
import { taskCalls } from "../../../api/task-calls.ts";
import { useMission } from "../../../app/use-mission.ts";
import type { Attached } from "./attached.ts";

/** A message on its way to the server, or one that the server did not take. */
export interface Outgoing {
  key: number;
  text: string;
  files: readonly Attached[];
  /** By the server, once it has answered. */
  id?: string;
  /** Why it was not taken, in words. */
  error?: string;
}

/** The messages of this page that the log has not told of yet. */
export function useOutbox(taskId: string) {
  const mission = useMission();
  const [messages, setMessages] = useState<readonly Outgoing[]>([]);
  const lastKey = useRef(0);
  /** Messages the log has told of, which may be before the answer to their call is here. */
  const told = useRef(new Set<string>());
  const change = useCallback((key: number, fields: Partial<Outgoing>) => {
    setMessages((now) => now.map((one) => (one.key === key ? { ...one, ...fields } : one)));
  }, []);
  const drop = useCallback((key: number) => setMessages((now) => now.filter((one) => one.key !== key)), []);
  useEffect(
    () =>
      mission.onBatch((_, whole) => {
        for (const { type, taskId: of, data } of whole) {
          if (type !== "message" || of !== taskId) continue;
          const id = String(data.messageId);
          told.current.add(id);
          setMessages((now) => now.filter((one) => one.id !== id));
        }
      }),
    [mission, taskId],
  );
  const send = useCallback(
    (text: string, mode: MessageMode, files: readonly Attached[]) => {
      const key = ++lastKey.current;
      setMessages((now) => [...now, { key, text, files }]);
      mission.api
        .call<MessageView>(taskCalls.say(taskId, { text, mode, attachments: files }, newIdempotencyKey()))
        .then(({ id }) => (told.current.delete(id) ? drop(key) : change(key, { id })))
        .catch(({ message }: ApiError) => change(key, { error: message }));
    },
    [mission, taskId, change, drop],
  );
  return { messages, send, drop };
}
