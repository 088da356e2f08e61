import type { LogEvent } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import { agentName } from "../../app/use-agents.ts";
import { useEvent } from "../../app/use-event.ts";
import { useMission } from "../../app/use-mission.ts";
import { describeEvent } from "../../text/describe-event.ts";
import { MAX_DRAWN } from "../../text/limits.ts";
import { text } from "../../text/text.ts";
import { IconButton } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import { EventGlyph } from "../../ui/icon.tsx";
import { Markdown } from "../../ui/markdown.tsx";
import { Empty, Failure, Skeleton } from "../../ui/page-state.tsx";
import { ProgressBar } from "../../ui/state.tsx";
import { Moment } from "../../ui/time.tsx";
import { usePanelFocus } from "../../ui/use-panel-focus.ts";
import { useTaskTitle } from "../../ui/use-task-title.ts";
import styles from "./event-panel.module.css";

/** Everything about one event, beside the list. */
export default function EventPanel({ id, onClose }: { id: number; onClose(): void }) {
  const mission = useMission();
  const panel = usePanelFocus(`[data-row="${id}"]`);
  // What was cut to fit a row is read whole.
  const held = mission.log.after(id - 1)[0];
  const event = useEvent(id, held?.id === id && !held.clipped ? held : undefined);
  return (
    <aside ref={panel} tabIndex={-1} className={styles.panel} aria-label={text.eventPanel.title(id)}>
      <header className={styles.header}>
        <h2>{text.eventPanel.title(id)}</h2>
        <IconButton icon="close" label={text.close} onClick={onClose} />
      </header>
      {event.data ? <Details event={event.data} /> : null}
      {event.data === null ? <Empty icon="search" title={text.eventPanel.gone} /> : null}
      {event.isLoading ? <Skeleton /> : null}
      {event.error ? <Failure error={event.error} retry={() => void event.refetch()} /> : null}
    </aside>
  );
}

function Details({ event }: { event: LogEvent }) {
  const mission = useMission();
  const title = useTaskTitle(event.taskId);
  return (
    <div className={styles.body}>
      <p className={styles.type}>
        <EventGlyph type={event.type} late={event.data.late === true} />
        {text.eventType[event.type]}
        {event.data.late === true ? <span className={styles.late}>{text.activity.late}</span> : null}
      </p>
      <div className={styles.message}>
        {event.type === "complete" && event.message ? (
          <Markdown>{event.message}</Markdown>
        ) : (
          <Foreign max={MAX_DRAWN}>{describeEvent(event)}</Foreign>
        )}
      </div>
      {typeof event.data.reason === "string" && event.data.late === true ? (
        <p className={styles.reason}>{text.eventPanel.lateReason(event.data.reason)}</p>
      ) : null}
      {event.progress === undefined ? null : <ProgressBar value={event.progress} label={text.progress} />}
      <dl className={styles.facts}>
        {event.taskId ? (
          <Fact name={text.eventPanel.task}>
            <Link to="/tasks/$taskId" params={{ taskId: event.taskId }} className={styles.link}>
              <Foreign max={200}>{title ?? event.taskId}</Foreign>
            </Link>
          </Fact>
        ) : null}
        {event.agentId ? (
          <Fact name={text.eventPanel.agent}>
            <Link to="/agents" search={{ agent: event.agentId }} className={styles.link}>
              <Foreign max={80}>{agentName(mission, event.agentId) ?? event.agentId}</Foreign>
            </Link>
          </Fact>
        ) : null}
        {event.dispatchId ? (
          <Fact name={text.eventPanel.dispatch}>
            <code>{event.dispatchId}</code>
            <br />
            <Link to="/webhooks" search={{ attempt: event.dispatchId }} className={styles.link}>
              {text.eventPanel.deliveries}
            </Link>
          </Fact>
        ) : null}
        {event.lastState ? (
          <Fact name={text.eventPanel.lastState}>
            <Foreign max={2_000}>{event.lastState}</Foreign>
          </Fact>
        ) : null}
        <Fact name={text.eventPanel.happened}>
          <Moment at={event.timestamp} />
        </Fact>
        <Fact name={text.eventPanel.stored}>
          <Moment at={event.receivedAt} />
        </Fact>
      </dl>
      {event.taskId ? (
        <p className={styles.links}>
          <Link to="/" search={{ task: event.taskId, event: event.id }} className={styles.link}>
            {text.eventPanel.onlyTask}
          </Link>
          {event.agentId ? (
            <Link to="/" search={{ agent: event.agentId, event: event.id }} className={styles.link}>
              {text.eventPanel.onlyAgent}
            </Link>
          ) : null}
        </p>
      ) : null}
      <h3>{text.eventPanel.raw}</h3>
      <CodeBlock label={text.eventPanel.raw}>{JSON.stringify(event, null, 2)}</CodeBlock>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
