import type { AgentView, TaskSummary } from "@mission-control/protocol";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useAgents } from "../../app/use-agents.ts";
import { agentsText } from "../../text/agents-text.ts";
import { text } from "../../text/text.ts";
import { AgentStatusBadge } from "../../ui/agent-status.tsx";
import { Button } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import { Empty, Failure, Skeleton } from "../../ui/page-state.tsx";
import styles from "../../ui/table.module.css";
import { Ago } from "../../ui/time.tsx";
import add from "./add/add-agent.module.css";
import { AddAgent, type AgentKind, KindChoice } from "./add/add-agent.tsx";
import { AgentPanel } from "./agent-panel.tsx";
import { Cost, Median, Rate } from "./figures.tsx";
import { TaskLine } from "./task-line.tsx";
import { type AgentFigures, useAgentFigures } from "./use-agent-figures.ts";
import { useAgentTasks } from "./use-agent-tasks.ts";

/** Who works here, whether they can be reached, and how they do. */
export function AgentsPage() {
  const { agent: open, add: adds } = useSearch({ from: "/agents" });
  const navigate = useNavigate({ from: "/agents" });
  const agents = useAgents();
  const figures = useAgentFigures();
  const tasks = useAgentTasks();
  const [kind, setKind] = useState<AgentKind | null>(null);
  const close = () => {
    setKind(null);
    void navigate({ search: {} });
  };
  const opened = agents.data?.find(({ id }) => id === open);
  return (
    <div className={styles.split} data-panel={opened !== undefined}>
      <div className={styles.page}>
        <header className={styles.head}>
          <p>{agentsText.intro}</p>
          <Button kind="primary" icon="plus" onClick={() => void navigate({ search: { add: true } })}>
            {text.agents.add}
          </Button>
        </header>
        {agents.error && !agents.data ? (
          <Failure error={agents.error} retry={() => void agents.refetch()} />
        ) : !agents.data ? (
          <Skeleton />
        ) : agents.data.length === 0 ? (
          <Empty icon="agents" title={text.agents.none}>
            <p>{agentsText.noneHint}</p>
            <div className={add.first}>
              <KindChoice onChoose={setKind} />
              <p>{agentsText.oneCommand}</p>
              <CodeBlock>{agentsText.firstCommand}</CodeBlock>
            </div>
          </Empty>
        ) : (
          <div className={styles.frame}>
            <table className={`${styles.table} ${styles.stacked}`}>
              <thead>
                <tr>
                  <th>{agentsText.name}</th>
                  <th>{agentsText.status}</th>
                  <th>{agentsText.now}</th>
                  <th className={`${styles.number} ${styles.minor}`}>{agentsText.costToday}</th>
                  <th className={`${styles.number} ${styles.minor}`}>{agentsText.success}</th>
                  <th className={`${styles.number} ${styles.minor} ${styles.least}`}>{agentsText.median}</th>
                  <th>{agentsText.lastWord}</th>
                </tr>
              </thead>
              <tbody>
                {agents.data.map((agent) => (
                  <Row
                    key={agent.id}
                    agent={agent}
                    tasks={tasks.get(agent.id) ?? []}
                    figures={figures?.(agent.id)}
                    open={agent.id === open}
                  />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </div>
      {opened ? (
        <AgentPanel
          key={opened.id}
          agent={opened}
          tasks={tasks.get(opened.id) ?? []}
          figures={figures?.(opened.id)}
          onClose={() => void navigate({ search: {} })}
        />
      ) : null}
      {adds || kind ? <AddAgent kind={kind} onClose={close} /> : null}
    </div>
  );
}

interface RowProps {
  agent: AgentView;
  /** What it has in hand. */
  tasks: readonly TaskSummary[];
  figures: AgentFigures | undefined;
  open: boolean;
}

function Row({ agent, tasks, figures, open }: RowProps) {
  const [current, ...others] = tasks;
  return (
    <tr data-open={open}>
      <th scope="row">
        <Link to="/agents" search={{ agent: agent.id }} className={styles.link} data-agent={agent.id}>
          <Foreign max={80}>{agent.name}</Foreign>
        </Link>
        <span className={styles.under}>{agentsText.kind[agent.endpoint.kind]}</span>
      </th>
      <td>
        <AgentStatusBadge agent={agent} />
        {agent.statusReason ? (
          <span className={styles.under}>
            <Foreign max={160}>{agent.statusReason}</Foreign>
          </span>
        ) : null}
      </td>
      <td className={styles.wide}>
        {current ? (
          <TaskLine task={current} />
        ) : (
          <span className={styles.quiet}>
            {agent.running > 0 ? text.agents.load(agent.running, agent.concurrency, 0) : agentsText.idle}
          </span>
        )}
        {others.length > 0 || agent.queued > 0 ? (
          <span className={styles.under}>
            {[
              ...(others.length > 0 ? [agentsText.others(others.length)] : []),
              ...(agent.queued > 0 ? [agentsText.queued(agent.queued)] : []),
            ].join(", ")}
          </span>
        ) : null}
      </td>
      <td className={`${styles.number} ${styles.minor}`}>
        <Cost figures={figures} />
      </td>
      <td className={`${styles.number} ${styles.minor}`}>
        <Rate figures={figures} />
      </td>
      <td className={`${styles.number} ${styles.minor} ${styles.least}`}>
        <Median figures={figures} />
      </td>
      <td>{agent.lastWordAt ? <Ago at={agent.lastWordAt} /> : text.never}</td>
    </tr>
  );
}
