import type { DispatchPayload, TaskView } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMission } from "../../app/use-mission.ts";
import { text } from "../../text/text.ts";
import { CodeBlock } from "../../ui/code-block.tsx";
import { Failure, Skeleton } from "../../ui/page-state.tsx";
import styles from "./task.module.css";

/** What the agent of the last attempt is sent, as the server makes it, the secret hidden. Read when it is opened. */
export function Payload({ task }: { task: TaskView }) {
  const { api } = useMission();
  const [open, setOpen] = useState(false);
  const attempt = task.attempts.at(-1);
  const path = `/api/tasks/${encodeURIComponent(task.id)}/dispatches/${encodeURIComponent(attempt?.id ?? "")}/payload`;
  const payload = useQuery({
    queryKey: ["payload", attempt?.id, attempt?.sentAt, task.updatedAt],
    queryFn: ({ signal }) => api.get<DispatchPayload>(path, signal),
    enabled: open && attempt !== undefined,
    placeholderData: (before) => before,
  });
  if (!attempt) return null;
  const title = text.task.payload(attempt.attempt);
  return (
    <details className={styles.details} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{title}</summary>
      <p className={styles.quiet}>{attempt.sentAt ? text.task.payloadHint : text.task.payloadNotSent}</p>
      {payload.data ? (
        <CodeBlock label={title}>{JSON.stringify(payload.data, null, 2)}</CodeBlock>
      ) : payload.error ? (
        <Failure error={payload.error} retry={() => void payload.refetch()} />
      ) : (
        <Skeleton />
      )}
    </details>
  );
}
