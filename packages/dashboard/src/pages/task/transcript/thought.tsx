import { plainLine } from "../../../text/plain-line.ts";
import { runText } from "../../../text/run-text.ts";
import { Foreign } from "../../../ui/foreign.tsx";
import { Markdown } from "../../../ui/markdown.tsx";
import { FoldLine } from "./fold-line.tsx";
import styles from "./transcript.module.css";

interface ThoughtProps {
  text: string;
  open: boolean;
  onToggle(): void;
}

/** What the agent thought: its beginning, until somebody wants all of it. */
export function Thought({ text, open, onToggle }: ThoughtProps) {
  return (
    <FoldLine
      open={open}
      onToggle={onToggle}
      line={
        <span className={styles.thought}>
          {runText.transcript.thought}
          {open ? null : (
            <>
              {" · "}
              <Foreign max={160}>{plainLine(text) ?? ""}</Foreign>
            </>
          )}
        </span>
      }
    >
      <div className={styles.thought}>
        <Markdown>{text}</Markdown>
      </div>
    </FoldLine>
  );
}
