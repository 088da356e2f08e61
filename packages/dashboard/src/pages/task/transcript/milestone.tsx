import type { AttachedFile, LogEvent, MessageState, PermissionRequest } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { agentName } from "../../../app/use-agents.ts";
import { useLive, useMission } from "../../../app/use-mission.ts";
import { describeEvent } from "../../../text/describe-event.ts";
import { MAX_DRAWN } from "../../../text/limits.ts";
import { runText } from "../../../text/run-text.ts";
import { formatSize } from "../../../text/size.ts";
import { CodeBlock } from "../../../ui/code-block.tsx";
import { Foreign } from "../../../ui/foreign.tsx";
import { EventGlyph } from "../../../ui/icon.tsx";
import { Markdown } from "../../../ui/markdown.tsx";
import { Badge, type Tone } from "../../../ui/state.tsx";
import { DownloadButton } from "../changes/download-button.tsx";
import { FoldLine } from "./fold-line.tsx";
import styles from "./transcript.module.css";

interface MilestoneProps {
  event: LogEvent;
  open: boolean;
  onToggle(): void;
}

/** What stands between the entries: where an attempt begins, what was asked, how it ended; or a plain report. */
export function Milestone(props: MilestoneProps): ReactNode {
  const { event } = props;
  switch (event.type) {
    case "dispatch":
      return <AttemptBegins event={event} />;
    case "permission":
      return <Question {...props} />;
    case "message":
      return <OperatorMessage event={event} />;
    case "artifact":
      return (
        <p className={styles.plainLine}>
          <span className={styles.glyph}>
            <EventGlyph type="artifact" />
          </span>
          <span>
            {runText.transcript.handedIn}{" "}
            <Link to="." search={(now) => ({ ...now, tab: "changes" })} className={styles.link}>
              <Foreign max={200}>{String(event.data.name ?? event.message ?? "")}</Foreign>
            </Link>
            {typeof event.data.size === "number" ? (
              <span className={styles.quiet}> {formatSize(event.data.size)}</span>
            ) : null}
          </span>
        </p>
      );
    case "complete":
      return (
        <section className={styles.result} data-bad={false}>
          <h3>{runText.transcript.result}</h3>
          <Markdown>{event.message ?? ""}</Markdown>
        </section>
      );
    case "error":
      return (
        <section className={styles.result} data-bad={true}>
          <h3>{runText.transcript.failed}</h3>
          <p>
            <Foreign max={MAX_DRAWN}>{event.message ?? ""}</Foreign>
          </p>
          {event.lastState ? (
            <p className={styles.quiet}>
              {runText.transcript.lastState} <Foreign max={400}>{event.lastState}</Foreign>
            </p>
          ) : null}
        </section>
      );
    default:
      return (
        <p className={styles.plainLine}>
          <span className={styles.glyph}>
            <EventGlyph type={event.type} />
          </span>
          <Foreign max={2_000}>{describeEvent(event)}</Foreign>
        </p>
      );
  }
}

function AttemptBegins({ event }: { event: LogEvent }) {
  const mission = useMission();
  const agent = useLive(() => (event.agentId ? agentName(mission, event.agentId) : undefined));
  return (
    <h2 className={styles.attempt}>
      {runText.transcript.attempt(Number(event.data.attempt) || 1)}
      <span className={styles.quiet}>
        <Foreign max={80}>{agent ?? event.agentId ?? ""}</Foreign>
      </span>
    </h2>
  );
}

const STATE_TONE = { sending: "waiting", delivered: "running", taken_up: "good", refused: "bad" } as const;

/** Whoever has the server's own token, by the log's name. */
const OPERATOR = "operator";

/** What somebody wrote to the agent, and how far that has come by what the agent's side confirmed. */
function OperatorMessage({ event }: { event: LogEvent }) {
  const { state, reason, by } = event.data;
  const known = state as MessageState;
  return (
    <div className={styles.asked}>
      <h3 className={styles.written}>
        {typeof by === "string" && by !== OPERATOR ? (
          <Foreign max={60}>{by}</Foreign>
        ) : (
          runText.transcript.operator
        )}
        <Badge tone={STATE_TONE[known]}>{runText.message.state[known]}</Badge>
        {typeof reason === "string" ? (
          <span className={styles.quiet}>
            <Foreign max={400}>{reason}</Foreign>
          </span>
        ) : null}
      </h3>
      <Markdown>{event.message ?? ""}</Markdown>
      <SentFiles event={event} />
    </div>
  );
}

/** The files that went with a message. */
function SentFiles({ event: { taskId = "", data } }: { event: LogEvent }) {
  const files = (data.attachments ?? []) as AttachedFile[];
  if (files.length === 0) return null;
  return (
    <ul className={styles.files} aria-label={runText.attach.label}>
      {files.map(({ artifactId: id, name, size }) => (
        <li key={id}>
          <Foreign max={200}>{name}</Foreign> <span className={styles.quiet}>{formatSize(size)}</span>
          <DownloadButton taskId={taskId} artifact={{ id, name }} />
        </li>
      ))}
    </ul>
  );
}

const QUESTION_WORD: Record<string, string> = {
  requested: runText.transcript.asked,
  answered: runText.transcript.answered,
  delivered: runText.transcript.answered,
  undelivered: runText.transcript.answered,
  withdrawn: runText.transcript.withdrawn,
  timed_out: runText.transcript.timedOut,
};

/** An answer that was given has not arrived by that. */
const DELIVERY: Record<string, { tone: Tone; words: string }> = {
  answered: { tone: "waiting", words: runText.question.delivery.answered },
  delivered: { tone: "good", words: runText.question.delivery.delivered },
  undelivered: { tone: "bad", words: runText.question.delivery.undelivered },
};

function Question({ event, open, onToggle }: MilestoneProps) {
  const request = event.data.request as PermissionRequest | undefined;
  const delivery = DELIVERY[String(event.data.state)];
  const line = (
    <span className={styles.question} data-state={event.data.state}>
      <EventGlyph type="permission" />
      <strong>{QUESTION_WORD[String(event.data.state)] ?? runText.transcript.asked}</strong>
      <Foreign max={400}>{event.message ?? request?.title ?? ""}</Foreign>
      {delivery ? <Badge tone={delivery.tone}>{delivery.words}</Badge> : null}
      {event.data.state === "undelivered" ? (
        <span className={styles.quiet}>
          <Foreign max={400}>{String(event.data.reason ?? "")}</Foreign> {runText.question.notDelivered}
        </span>
      ) : null}
    </span>
  );
  const input = request?.tool?.input;
  if (!request?.diff && input === undefined) return <p className={styles.plainLine}>{line}</p>;
  return (
    <FoldLine open={open} onToggle={onToggle} line={line}>
      {input === undefined ? null : (
        <CodeBlock foreign>{typeof input === "string" ? input : JSON.stringify(input, null, 2)}</CodeBlock>
      )}
      {request?.diff ? <CodeBlock foreign>{request.diff}</CodeBlock> : null}
    </FoldLine>
  );
}
