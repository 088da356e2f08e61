import type { LogEvent } from "@mission-control/protocol";
import { useState } from "react";
import { useEvent } from "../../../app/use-event.ts";
import type { HeldEvent } from "../../../store/held-event.ts";
import { describeEvent } from "../../../text/describe-event.ts";
import { runText } from "../../../text/run-text.ts";
import { text } from "../../../text/text.ts";
import { Button } from "../../../ui/button.tsx";
import { CodeBlock } from "../../../ui/code-block.tsx";
import { Foreign } from "../../../ui/foreign.tsx";
import { Empty, Failure, Skeleton } from "../../../ui/page-state.tsx";
import { Clock } from "../../../ui/time.tsx";
import { useTaskEvents } from "../use-task-events.ts";
import styles from "./raw-events.module.css";

/** Every event of a task as the log has it, oldest first. */
export default function RawEvents({ taskId }: { taskId: string }) {
  const { events, query } = useTaskEvents(taskId);
  if (events.length === 0) {
    if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
    return query.isLoading ? <Skeleton /> : <Empty icon="activity" title={runText.raw.none} />;
  }
  return (
    <section aria-label={runText.raw.label}>
      <ol className={styles.events}>
        {events.map((event) => (
          <RawEvent key={event.id} event={event} />
        ))}
      </ol>
      {query.hasNextPage ? (
        <Button kind="quiet" disabled={query.isFetching} onClick={() => void query.fetchNextPage()}>
          {text.timeline.more}
        </Button>
      ) : null}
    </section>
  );
}

function RawEvent({ event }: { event: LogEvent }) {
  const [open, setOpen] = useState(false);
  return (
    <li className={styles.event}>
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>
          <span className={styles.id}>{event.id}</span> <code>{event.type}</code>{" "}
          <span className={styles.message}>
            <Foreign max={200}>{describeEvent(event)}</Foreign>
          </span>
          <span className={styles.at}>
            <Clock at={event.receivedAt} />
          </span>
        </summary>
        {open ? <Whole event={event} /> : null}
      </details>
    </li>
  );
}

/** What the log brought live was cut to fit a row: then the whole is read. */
function Whole({ event }: { event: LogEvent & Partial<Pick<HeldEvent, "clipped">> }) {
  const { clipped, ...known } = event;
  const whole = useEvent(event.id, clipped ? undefined : known);
  if (whole.error) return <Failure error={whole.error} retry={() => void whole.refetch()} />;
  if (!whole.data) return <Skeleton lines={2} />;
  return <CodeBlock label={text.eventPanel.raw}>{JSON.stringify(whole.data, null, 2)}</CodeBlock>;
}
