import type { TaskSummary } from "@mission-control/protocol";
import { useState } from "react";
import { ForceEndDialog } from "../../tasks/force-end-dialog.tsx";
import { SilenceWords } from "../../tasks/silence-words.tsx";
import type { TaskActions } from "../../tasks/use-task-actions.ts";
import { runText } from "../../text/run-text.ts";
import { visibleText } from "../../text/visible.ts";
import { Button } from "../../ui/button.tsx";
import styles from "./task.module.css";

interface SilenceCardProps {
  task: Pick<TaskSummary, "id" | "title" | "silence">;
  actions: TaskActions;
  disabled: boolean;
}

/** That the agent at work is missed, and the way to end its attempt although nobody knows what becomes of it. */
export function SilenceCard({ task, actions, disabled }: SilenceCardProps) {
  const [asked, setAsked] = useState(false);
  const { silence } = task;
  if (!silence) return null;
  return (
    <section className={styles.asks} aria-label={runText.silence.label}>
      <p>
        <SilenceWords silence={silence} />
      </p>
      {silence.state === "not_responding" ? null : (
        <>
          <p className={styles.quiet}>{runText.silence.hint}</p>
          <div className={styles.actions}>
            <Button kind="danger" disabled={disabled} onClick={() => setAsked(true)}>
              {runText.silence.end}…
            </Button>
          </div>
        </>
      )}
      {asked ? (
        <ForceEndDialog
          title={visibleText(task.title)}
          onClose={() => setAsked(false)}
          onEnd={() => void actions.forceEnd(task.id)}
        />
      ) : null}
    </section>
  );
}
