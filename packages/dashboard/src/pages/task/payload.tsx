import type { AgentView, DispatchPayload, TaskView } from "@mission-control/protocol";
import { useAgents } from "../../app/use-agents.ts";
import { text } from "../../text/text.ts";
import { CodeBlock } from "../../ui/code-block.tsx";
import styles from "./task.module.css";

const HIDDEN_SECRET = "whsec_••••••••";

/** What the agent of the last attempt was sent, its secret hidden. */
export function Payload({ task }: { task: TaskView }) {
  const agents = useAgents();
  const attempt = task.attempts.at(-1);
  if (!attempt?.sentAt) return null;
  const agent = agents.data?.find(({ id }) => id === attempt.agentId);
  const payload = payloadOf(task, attempt, attempt.sentAt, agent);
  return (
    <details className={styles.details}>
      <summary>{text.task.payload(attempt.attempt)}</summary>
      <p className={styles.quiet}>{text.task.payloadHint}</p>
      <CodeBlock label={text.task.payload(attempt.attempt)}>{JSON.stringify(payload, null, 2)}</CodeBlock>
    </details>
  );
}

/** The payload of contract section 3, put together from what the task and its agent say now. */
function payloadOf(
  task: TaskView,
  attempt: TaskView["attempts"][number],
  dispatchedAt: string,
  agent: AgentView | undefined,
): DispatchPayload {
  const { id, title, description, priority, tags, context } = task;
  return {
    version: 1,
    dispatchId: attempt.id,
    attempt: attempt.attempt,
    task: { id, title, description, priority, tags, context, feedback: attempt.feedback },
    agent: {
      id: attempt.agentId,
      name: agent?.name ?? attempt.agentId,
      capabilities: agent?.capabilities ?? [],
    },
    callback: {
      url: `${location.origin}/api/webhooks/callback/${attempt.id}`,
      secret: HIDDEN_SECRET,
      scheme: "standard-webhooks",
    },
    dispatchedAt,
  };
}
