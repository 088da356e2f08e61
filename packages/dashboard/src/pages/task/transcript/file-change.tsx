import type { TranscriptEntry } from "@mission-control/protocol";
import { useMemo } from "react";
import { diffTotals, parseDiff } from "../../../text/diff.ts";
import { runText } from "../../../text/run-text.ts";
import { CodeBlock } from "../../../ui/code-block.tsx";
import { DiffLines } from "../../../ui/diff-lines.tsx";
import { Foreign } from "../../../ui/foreign.tsx";
import { Totals } from "../../../ui/totals.tsx";
import { FoldLine } from "./fold-line.tsx";
import styles from "./transcript.module.css";

/** Lines of a diff that are shown inline before somebody asks for all. */
const SHOWN = 40;

interface FileChangeProps {
  entry: Extract<TranscriptEntry, { kind: "file" }>;
  open: boolean;
  onToggle(): void;
}

/** What the agent did to a file: its path, and the lines that changed. */
export function FileChange({ entry, open, onToggle }: FileChangeProps) {
  const { path, change = "edited", diff } = entry;
  const files = useMemo(() => parseDiff(diff ?? ""), [diff]);
  const totals = diffTotals(files);
  const line = (
    <span className={styles.file}>
      <code>
        <Foreign max={300}>{path ?? files[0]?.path ?? runText.diff.unnamed}</Foreign>
      </code>
      <span className={styles.quiet}>{runText.transcript.change[change]}</span>
      <Totals {...totals} />
    </span>
  );
  if (!diff) return <p className={styles.plainLine}>{line}</p>;
  return (
    <FoldLine open={open} onToggle={onToggle} line={line}>
      {files.length === 0 ? (
        <CodeBlock foreign>{diff}</CodeBlock>
      ) : (
        files.map((file) => <DiffLines key={file.place} file={file} shown={SHOWN} />)
      )}
    </FoldLine>
  );
}
