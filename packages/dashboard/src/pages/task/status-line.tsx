import type { TaskView } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import { agentName } from "../../app/use-agents.ts";
import { useLive, useMission } from "../../app/use-mission.ts";
import { runText } from "../../text/run-text.ts";
import { formatUsage } from "../../text/usage.ts";
import { Foreign } from "../../ui/foreign.tsx";
import { TaskState } from "../../ui/state.tsx";
import { Elapsed } from "../../ui/time.tsx";
import styles from "./task.module.css";

/** How a task stands, in one line: state, agent, attempt, time, cost, and what the agent said last. */
export function StatusLine({ task, pending }: { task: TaskView; pending: string | undefined }) {
  const mission = useMission();
  const agent = useLive(() => task.agentId && agentName(mission, task.agentId));
  const attempt = task.attempts.at(-1);
  const began = attempt?.acceptedAt ?? attempt?.sentAt;
  return (
    <p className={styles.state}>
      <TaskState status={task.unknownReason === undefined ? task.status : "unknown"} />
      {pending ? <span className={styles.pending}>{pending}</span> : null}
      {task.agentId ? (
        <Link to="/agents" search={{ agent: task.agentId }} className={styles.link}>
          <Foreign max={80}>{agent || task.agentId}</Foreign>
        </Link>
      ) : null}
      {attempt ? <span>{runText.attempt(attempt.attempt)}</span> : null}
      {attempt && began ? (
        <span>
          <Elapsed from={began} to={attempt.endedAt} />
        </span>
      ) : null}
      {task.usage ? <span>{formatUsage(task.usage)}</span> : null}
      {task.status === "in_progress" && task.message ? (
        <span className={styles.message}>
          <Foreign max={200}>{task.message}</Foreign>
        </span>
      ) : null}
    </p>
  );
}
