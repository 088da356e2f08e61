import { type MouseEvent, memo, type ReactNode } from "react";
import { runText } from "../../../text/run-text.ts";
import { Foreign } from "../../../ui/foreign.tsx";
import { Markdown } from "../../../ui/markdown.tsx";
import { Clock } from "../../../ui/time.tsx";
import { FileChange } from "./file-change.tsx";
import { Milestone } from "./milestone.tsx";
import { Plan } from "./plan.tsx";
import type { EntryRow, TranscriptRow } from "./rows.ts";
import { Thought } from "./thought.tsx";
import { ToolCall } from "./tool-call.tsx";
import styles from "./transcript.module.css";

/** What every row needs. The same object while nothing of it changes. */
export interface RowContext {
  taskId: string;
  /** The address of the page at an entry, and the way there. */
  address(eventId: number): string;
  goTo(eventId: number): void;
  /** Opens or closes the row with this key. */
  toggle(key: string): void;
}

interface RowViewProps {
  row: TranscriptRow;
  open: boolean;
  context: RowContext;
}

/** One row: what it tells, and when, which is the link to it. */
export const RowView = memo(function RowView({ row, open, context }: RowViewProps) {
  const at = row.kind === "entry" ? row.entry.timestamp : row.event.timestamp;
  const onToggle = () => context.toggle(row.key);
  // A plain link: the router's own costs too much for rows that come and go by the hundred.
  const onLink = (click: MouseEvent) => {
    if (click.button !== 0 || click.ctrlKey || click.metaKey || click.shiftKey || click.altKey) return;
    click.preventDefault();
    context.goTo(row.eventId);
  };
  return (
    <div className={styles.row}>
      <div className={styles.what}>
        {row.kind === "entry" ? (
          <EntryView row={row} open={open} onToggle={onToggle} taskId={context.taskId} />
        ) : (
          <Milestone event={row.event} open={open} onToggle={onToggle} />
        )}
      </div>
      <a href={context.address(row.eventId)} onClick={onLink} className={styles.at}>
        <span className="visually-hidden">{runText.transcript.permalink}</span>
        <Clock at={at} />
      </a>
    </div>
  );
});

interface EntryViewProps {
  row: EntryRow;
  open: boolean;
  onToggle(): void;
  taskId: string;
}

function EntryView({ row, open, onToggle, taskId }: EntryViewProps): ReactNode {
  const { entry } = row;
  switch (entry.kind) {
    case "message":
      return (
        <div className={entry.role === "user" ? styles.asked : styles.said}>
          {entry.role === "user" ? <h3>{runText.transcript.operator}</h3> : null}
          <Markdown>{entry.text ?? ""}</Markdown>
        </div>
      );
    case "thought":
      return <Thought text={entry.text ?? ""} open={open} onToggle={onToggle} />;
    case "tool":
      return <ToolCall taskId={taskId} entry={entry} open={open} onToggle={onToggle} />;
    case "plan":
      return <Plan steps={entry.steps ?? []} />;
    case "file":
      return <FileChange entry={entry} open={open} onToggle={onToggle} />;
    default:
      // A newer server may tell of more.
      return (
        <p className={styles.quiet}>
          {runText.transcript.unknownKind}:{" "}
          <Foreign max={400}>{JSON.stringify(entry satisfies never)}</Foreign>
        </p>
      );
  }
}
