import type { TaskView } from "@mission-control/protocol";
import { MAX_DRAWN } from "../../text/limits.ts";
import { text } from "../../text/text.ts";
import { Foreign } from "../../ui/foreign.tsx";
import { Markdown } from "../../ui/markdown.tsx";
import styles from "./task.module.css";

/** How the task ended: the result, or the error and the last state it reached; or why nobody knows what it does. */
export function Outcome({ task }: { task: TaskView }) {
  if (task.unknownReason !== undefined) {
    return (
      <section className={styles.asks} aria-labelledby="outcome">
        <h2 id="outcome">{text.task.inDoubt}</h2>
        <p className={styles.long}>
          <Foreign max={MAX_DRAWN}>{task.unknownReason}</Foreign>
        </p>
        <p className={styles.quiet}>{text.task.inDoubtHint}</p>
      </section>
    );
  }
  if (task.status === "failed") {
    return (
      <section className={styles.failure} aria-labelledby="outcome">
        <h2 id="outcome">{text.task.error}</h2>
        <p className={styles.long}>
          <Foreign max={MAX_DRAWN}>{task.error ?? text.task.noReason}</Foreign>
        </p>
        {task.lastState ? (
          <p className={styles.long}>
            <strong>{text.task.lastState}</strong> <Foreign max={MAX_DRAWN}>{task.lastState}</Foreign>
          </p>
        ) : null}
      </section>
    );
  }
  if (task.status !== "completed" && task.status !== "review") return null;
  return (
    <section className={styles.result} aria-labelledby="outcome">
      <h2 id="outcome">{task.status === "review" ? text.task.toReview : text.task.result}</h2>
      {task.summary ? (
        <Markdown>{task.summary}</Markdown>
      ) : (
        <p className={styles.quiet}>{text.task.noSummary}</p>
      )}
    </section>
  );
}
