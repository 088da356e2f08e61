import type { AgentView } from "@mission-control/protocol";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useAgents } from "../../app/use-agents.ts";
import { type AgentRecord, recordOf } from "../../insights/attempt-history.ts";
import { useAttemptStories } from "../../insights/use-attempt-stories.ts";
import { formatDuration } from "../../text/duration.ts";
import { text } from "../../text/text.ts";
import { AgentStatusBadge } from "../../ui/agent-status.tsx";
import { Button } from "../../ui/button.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import { Empty, Failure, Skeleton } from "../../ui/page-state.tsx";
import styles from "../../ui/table.module.css";
import { Ago } from "../../ui/time.tsx";
import { AddAgent } from "./add-agent.tsx";
import { AgentPanel } from "./agent-panel.tsx";
import { formatRate } from "./format-rate.ts";

/** How far back the agents' records reach. */
const RECORD_RANGE_MS = 7 * 24 * 3_600_000;

/** Who works here, whether they can be reached, and how they do. */
export function AgentsPage() {
  const { agent: open, add } = useSearch({ from: "/agents" });
  const navigate = useNavigate({ from: "/agents" });
  const agents = useAgents();
  const { data } = useAttemptStories(RECORD_RANGE_MS);
  const records = useMemo(() => {
    const byAgent = Map.groupBy(data?.stories ?? [], ({ agentId }) => agentId);
    return new Map([...byAgent].map(([id, stories]) => [id, recordOf(stories)]));
  }, [data]);
  const opened = agents.data?.find(({ id }) => id === open);
  return (
    <div className={styles.split} data-panel={opened !== undefined}>
      <div className={styles.page}>
        <header className={styles.head}>
          <p>{text.agents.intro}</p>
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
            <p>{text.agents.noneHint}</p>
          </Empty>
        ) : (
          <div className={styles.frame}>
            <table className={styles.table}>
              <thead>
                <tr>
                  <th>{text.agents.name}</th>
                  <th>{text.agents.status}</th>
                  <th>{text.agents.work}</th>
                  <th className={`${styles.number} ${styles.minor}`}>{text.agents.success}</th>
                  <th className={`${styles.number} ${styles.minor}`}>{text.agents.median}</th>
                  <th>{text.agents.lastSeen}</th>
                </tr>
              </thead>
              <tbody>
                {agents.data.map((agent) => (
                  <Row key={agent.id} agent={agent} record={records.get(agent.id)} open={agent.id === open} />
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
          record={records.get(opened.id)}
          since={data?.since}
          onClose={() => void navigate({ search: {} })}
        />
      ) : null}
      {add ? <AddAgent onClose={() => void navigate({ search: {} })} /> : null}
    </div>
  );
}

function Row({ agent, record, open }: { agent: AgentView; record: AgentRecord | undefined; open: boolean }) {
  return (
    <tr data-open={open}>
      <th scope="row">
        <Link to="/agents" search={{ agent: agent.id }} className={styles.link} data-agent={agent.id}>
          <Foreign max={80}>{agent.name}</Foreign>
        </Link>
        <span className={styles.under}>{text.agents.kind[agent.endpoint.kind]}</span>
      </th>
      <td>
        <AgentStatusBadge agent={agent} />
        {agent.statusReason ? (
          <span className={styles.under}>
            <Foreign max={160}>{agent.statusReason}</Foreign>
          </span>
        ) : null}
      </td>
      <td>{text.agents.load(agent.running, agent.concurrency, agent.queued)}</td>
      <td className={`${styles.number} ${styles.minor}`}>{formatRate(record)}</td>
      <td className={`${styles.number} ${styles.minor}`}>
        {record?.medianDuration == null ? text.none : formatDuration(record.medianDuration)}
      </td>
      <td>{agent.lastSeenAt ? <Ago at={agent.lastSeenAt} /> : text.never}</td>
    </tr>
  );
}
