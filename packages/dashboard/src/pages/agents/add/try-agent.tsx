import type { AgentView, CreatedAgent } from "@mission-control/protocol";
import { useState } from "react";
import { useAgents } from "../../../app/use-agents.ts";
import { addAgentText } from "../../../text/agents-text.ts";
import { AgentStatusBadge } from "../../../ui/agent-status.tsx";
import { Button } from "../../../ui/button.tsx";
import { CodeBlock } from "../../../ui/code-block.tsx";
import { Dialog, DialogActions } from "../../../ui/dialog.tsx";
import { Foreign } from "../../../ui/foreign.tsx";
import styles from "../../../ui/table.module.css";
import { useTestTask } from "../use-test-task.ts";

/** An agent was added, or registered itself: its secret, this once, and a first task. */
export function TryAgent({ agent, onClose }: { agent: AgentView | CreatedAgent; onClose(): void }) {
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const testTask = useTestTask();
  const now = useAgents().data?.find(({ id }) => id === agent.id) ?? agent;
  const secret = "secret" in agent ? agent.secret : undefined;
  async function tryOut() {
    setBusy(true);
    setProblem(await testTask(agent));
    setBusy(false);
  }
  return (
    <Dialog title={secret ? addAgentText.added(agent.name) : addAgentText.here(agent.name)} onClose={onClose}>
      <p>
        <AgentStatusBadge agent={now} />{" "}
        {now.statusReason ? (
          <span className={styles.quiet}>
            <Foreign max={600}>{now.statusReason}</Foreign>
          </span>
        ) : null}
      </p>
      {secret ? (
        <section className={styles.section}>
          <p className={styles.note}>{addAgentText.secretOnce}</p>
          <CodeBlock label={addAgentText.secret}>{secret}</CodeBlock>
        </section>
      ) : null}
      <p className={styles.quiet}>{addAgentText.testHint}</p>
      {problem ? (
        <p className={styles.bad} role="alert">
          {problem}
        </p>
      ) : null}
      <DialogActions>
        <Button onClick={onClose}>{addAgentText.later}</Button>
        <Button kind="primary" icon="send" disabled={busy} onClick={() => void tryOut()}>
          {addAgentText.test}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
