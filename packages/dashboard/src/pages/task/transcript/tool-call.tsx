import type { TranscriptEntry } from "@mission-control/protocol";
import { formatDuration } from "../../../text/duration.ts";
import { runText } from "../../../text/run-text.ts";
import { toolWords } from "../../../text/tool-words.ts";
import { Foreign } from "../../../ui/foreign.tsx";
import { StateGlyph } from "../../../ui/icon.tsx";
import { TerminalBlock } from "../../../ui/terminal.tsx";
import { FoldLine } from "./fold-line.tsx";
import styles from "./transcript.module.css";
import { WholeOutput } from "./whole-output.tsx";

interface ToolCallProps {
  taskId: string;
  entry: Extract<TranscriptEntry, { kind: "tool" }>;
  open: boolean;
  onToggle(): void;
}

const GLYPH = {
  pending: "queued",
  running: "in_progress",
  completed: "completed",
  failed: "failed",
} as const;

/** A call of a tool: one line that says which, for what, and how it ended; open, what went in and what came out. */
export function ToolCall({ taskId, entry, open, onToggle }: ToolCallProps) {
  const { output, outputArtifact, exitCode, durationMs } = entry;
  const { name, subject, input } = toolWords(entry);
  const failedByCode = exitCode !== undefined && exitCode !== 0;
  const state = failedByCode ? "failed" : (entry.state ?? "completed");
  return (
    <FoldLine
      open={open}
      onToggle={onToggle}
      line={
        <span className={styles.tool} data-state={state}>
          <span className={styles.toolState}>
            <StateGlyph status={GLYPH[state]} />
            <span className="visually-hidden">{runText.transcript.toolState[state]}</span>
          </span>
          <strong>
            <Foreign max={80}>{name ?? runText.transcript.unnamedTool}</Foreign>
          </strong>
          <code className={styles.subject}>
            <Foreign max={300}>{subject}</Foreign>
          </code>
          {failedByCode ? <span className={styles.bad}>{runText.transcript.exit(exitCode)}</span> : null}
          {durationMs === undefined ? null : (
            <span className={styles.quiet}>{formatDuration(durationMs)}</span>
          )}
        </span>
      }
    >
      <Part name={runText.transcript.input} nothing={runText.transcript.noInput}>
        {input}
      </Part>
      <Part name={runText.transcript.output} nothing={runText.transcript.noOutput}>
        {output}
      </Part>
      {outputArtifact === undefined ? null : (
        <WholeOutput taskId={taskId} dispatchId={entry.dispatchId} name={outputArtifact} />
      )}
    </FoldLine>
  );
}

function Part({ name, nothing, children }: { name: string; nothing: string; children: string | undefined }) {
  return (
    <>
      <h3>{name}</h3>
      {children ? (
        <TerminalBlock label={name}>{children}</TerminalBlock>
      ) : (
        <p className={styles.quiet}>{nothing}</p>
      )}
    </>
  );
}
