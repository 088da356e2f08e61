import type { DispatchView, SentPayloadView, TaskView } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import { useMission } from "../../app/use-mission.ts";
import { MAX_DRAWN } from "../../text/limits.ts";
import { runText } from "../../text/run-text.ts";
import { CodeBlock } from "../../ui/code-block.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import { Markdown } from "../../ui/markdown.tsx";
import { Failure, Skeleton } from "../../ui/page-state.tsx";
import styles from "./task.module.css";

/** Of each attempt, the newest first: what its agent was sent and, of those before the last, what it came to in full. */
export function AttemptRecords({ task }: { task: TaskView }) {
  const [current, ...earlier] = task.attempts.toReversed();
  if (!current) return null;
  return (
    <>
      <Payload task={task} attempt={current} />
      {earlier.map((attempt) => (
        <Fragment key={attempt.id}>
          <Result attempt={attempt} />
          <Payload task={task} attempt={attempt} />
        </Fragment>
      ))}
    </>
  );
}

/** What an attempt came to; the last one's stands at the top of the page. */
function Result({ attempt: { attempt, summary, error, lastState } }: { attempt: DispatchView }) {
  const words = runText.attempts;
  if (summary === undefined && error === undefined) return null;
  return (
    <details className={styles.details}>
      <summary>{error === undefined ? words.result(attempt) : words.failure(attempt)}</summary>
      {summary === undefined ? null : <Markdown>{summary}</Markdown>}
      {error === undefined ? null : (
        <p className={styles.long}>
          <Foreign max={MAX_DRAWN}>{error}</Foreign>
        </p>
      )}
      {lastState === undefined ? null : (
        <p className={styles.long}>
          <strong>{words.lastState}</strong> <Foreign max={MAX_DRAWN}>{lastState}</Foreign>
        </p>
      )}
    </details>
  );
}

/** What the agent of an attempt was sent, the secret hidden. Read when it is opened. */
function Payload({ task, attempt }: { task: TaskView; attempt: DispatchView }) {
  const { api } = useMission();
  const [open, setOpen] = useState(false);
  const path = `/api/tasks/${encodeURIComponent(task.id)}/dispatches/${encodeURIComponent(attempt.id)}/payload`;
  const sent = useQuery({
    // What was sent stays as it is; what waits in the queue follows the task.
    queryKey: ["payload", attempt.id, attempt.sentAt, attempt.sentAt === null ? task.updatedAt : null],
    queryFn: ({ signal }) => api.get<SentPayloadView>(path, signal),
    enabled: open,
    placeholderData: (before) => before,
  });
  const title = runText.attempts.payload(attempt.attempt);
  return (
    <details className={styles.details} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{title}</summary>
      {sent.data ? (
        <Sent sent={sent.data} title={title} wasSent={attempt.sentAt !== null} />
      ) : sent.error ? (
        <Failure error={sent.error} retry={() => void sent.refetch()} />
      ) : (
        <Skeleton />
      )}
    </details>
  );
}

function Sent({ sent, title, wasSent }: { sent: SentPayloadView; title: string; wasSent: boolean }) {
  const words = runText.attempts;
  const { isKept, payload, contextOmitted, turn } = sent;
  return (
    <>
      <p className={styles.quiet}>{isKept ? words.sent : wasSent ? words.notKept : words.notSent}</p>
      {contextOmitted ? <p className={styles.quiet}>{words.omitted}</p> : null}
      <CodeBlock label={title}>{JSON.stringify(payload, null, 2)}</CodeBlock>
      {turn ? (
        <>
          <h3>{words.message}</h3>
          <CodeBlock label={words.message} foreign>
            {turn.message}
          </CodeBlock>
          <h3>{words.instructions}</h3>
          <CodeBlock label={words.instructions} foreign>
            {turn.extraSystemPrompt}
          </CodeBlock>
        </>
      ) : null}
    </>
  );
}
