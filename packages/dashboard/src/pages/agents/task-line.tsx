import type { TaskSummary } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import { SilenceWords } from "../../tasks/silence-words.tsx";
import { agentsText } from "../../text/agents-text.ts";
import { plainLine } from "../../text/plain-line.ts";
import { Foreign } from "../../ui/foreign.tsx";
import styles from "../../ui/table.module.css";

/** A task that is under way, and the last that was said of it: by its agent, or of its agent. */
export function TaskLine({ task }: { task: TaskSummary }) {
  const { id, title, waitingFor, silence, message } = task;
  return (
    <>
      <Link to="/tasks/$taskId" params={{ taskId: id }} className={styles.link}>
        <Foreign max={120}>{title}</Foreign>
      </Link>
      <span className={styles.lastLine}>
        {waitingFor ? (
          <span className={styles.attention}>
            {agentsText.asks} <Foreign max={160}>{waitingFor.title}</Foreign>
          </span>
        ) : silence ? (
          <SilenceWords silence={silence} />
        ) : message ? (
          <Foreign max={160}>{plainLine(message) ?? ""}</Foreign>
        ) : null}
      </span>
    </>
  );
}
