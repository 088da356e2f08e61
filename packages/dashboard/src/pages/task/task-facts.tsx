import type { TaskView } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { agentName } from "../../app/use-agents.ts";
import { useLive, useMission } from "../../app/use-mission.ts";
import { text } from "../../text/text.ts";
import { formatUsage } from "../../text/usage.ts";
import { visibleText } from "../../text/visible.ts";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import { Badge } from "../../ui/state.tsx";
import { Moment } from "../../ui/time.tsx";
import styles from "./task.module.css";

/** The short facts of a task. */
export function TaskFacts({ task }: { task: TaskView }) {
  const mission = useMission();
  const agent = useLive(() => (task.agentId ? agentName(mission, task.agentId) : undefined));
  return (
    <dl className={styles.facts}>
      <Fact name={text.task.id}>
        <span className={styles.id}>
          <code>{task.id}</code>
          <CopyButton value={task.id} label={text.task.copyId} />
        </span>
      </Fact>
      <Fact name={text.eventPanel.agent}>
        {task.agentId ? (
          <Link to="/agents" search={{ agent: task.agentId }} className={styles.link}>
            <Foreign max={80}>{agent ?? task.agentId}</Foreign>
          </Link>
        ) : (
          text.none
        )}
      </Fact>
      <Fact name={text.taskForm.priority}>{text.priority[task.priority]}</Fact>
      {task.tags.length > 0 ? (
        <Fact name={text.taskForm.tags}>
          <span className={styles.tags}>
            {task.tags.map((tag) => (
              <Badge key={tag} tone="idle">
                {visibleText(tag)}
              </Badge>
            ))}
          </span>
        </Fact>
      ) : null}
      <Fact name={text.task.review}>{task.requiresReview ? text.yes : text.no}</Fact>
      {task.usage ? <Fact name={text.task.usage}>{formatUsage(task.usage)}</Fact> : null}
      <Fact name={text.task.created}>
        <Moment at={task.createdAt} />
      </Fact>
      <Fact name={text.task.changed}>
        <Moment at={task.updatedAt} />
      </Fact>
      <Fact name={text.task.activity}>
        <Link to="/" search={{ task: task.id }} className={styles.link}>
          {text.task.inActivity}
        </Link>
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
