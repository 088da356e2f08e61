import type { WebhookEndpointView } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { agentName } from "../../app/use-agents.ts";
import { useMission } from "../../app/use-mission.ts";
import { text as common } from "../../text/text.ts";
import { webhooksText as text } from "../../text/webhooks-text.ts";
import { Button } from "../../ui/button.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import { Empty, Failure, Skeleton } from "../../ui/page-state.tsx";
import { Badge, type Tone } from "../../ui/state.tsx";
import styles from "../../ui/table.module.css";
import { Ago } from "../../ui/time.tsx";
import { AddEndpoint } from "./add-endpoint.tsx";
import { EndpointDialog } from "./endpoint-dialog.tsx";
import { isForPeople } from "./endpoint-entries.ts";
import { useEndpoints } from "./use-webhooks.ts";
import local from "./webhooks.module.css";

const STATUS_TONE: Record<WebhookEndpointView["status"], Tone> = {
  active: "good",
  paused: "attention",
  off: "idle",
};

/** The programs that events are sent to. */
export function Endpoints() {
  const endpoints = useEndpoints();
  const [isAdding, setIsAdding] = useState(false);
  const [openId, setOpenId] = useState<string | null>(null);
  const open = endpoints.data?.find(({ id }) => id === openId);
  return (
    <section className={styles.section} aria-labelledby="endpoints">
      <div className={styles.head}>
        <h2 id="endpoints">{text.endpoints}</h2>
        <Button kind="primary" icon="plus" onClick={() => setIsAdding(true)}>
          {text.add}
        </Button>
      </div>
      {endpoints.error && !endpoints.data ? (
        <Failure error={endpoints.error} retry={() => void endpoints.refetch()} />
      ) : !endpoints.data ? (
        <Skeleton lines={2} />
      ) : endpoints.data.length === 0 ? (
        <Empty icon="webhooks" title={text.noEndpoints}>
          <p>{text.noEndpointsHint}</p>
        </Empty>
      ) : (
        <EndpointTable endpoints={endpoints.data} onOpen={setOpenId} />
      )}
      {isAdding ? <AddEndpoint onClose={() => setIsAdding(false)} /> : null}
      {open ? <EndpointDialog endpoint={open} onClose={() => setOpenId(null)} /> : null}
    </section>
  );
}

interface EndpointTableProps {
  endpoints: readonly WebhookEndpointView[];
  onOpen(id: string): void;
}

function EndpointTable({ endpoints, onOpen }: EndpointTableProps) {
  return (
    <div className={styles.frame}>
      <table className={`${styles.table} ${styles.stacked}`}>
        <thead>
          <tr>
            <th>{text.url}</th>
            <th>{text.state}</th>
            <th className={styles.minor}>{text.filters}</th>
            <th>{text.behind}</th>
            <th>{text.deliveriesOf}</th>
            <th className={styles.minor}>{text.lastDelivered}</th>
          </tr>
        </thead>
        <tbody>
          {endpoints.map((endpoint) => (
            <Row key={endpoint.id} endpoint={endpoint} onOpen={() => onOpen(endpoint.id)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ endpoint, onOpen }: { endpoint: WebhookEndpointView; onOpen(): void }) {
  const { url, description, status, statusReason, failingSince, behind, waiting, skipped } = endpoint;
  const { answersError } = endpoint;
  return (
    <tr>
      <th scope="row">
        <button type="button" className={local.open} onClick={onOpen}>
          <Foreign max={128}>{description ?? url}</Foreign>
        </button>
        {description === undefined ? null : (
          <span className={styles.under}>
            <Foreign max={200}>{url}</Foreign>
          </span>
        )}
      </th>
      <td>
        <Badge tone={failingSince === null || status === "off" ? STATUS_TONE[status] : "attention"}>
          {text.status[status]}
        </Badge>
        {failingSince === null ? null : (
          <span className={styles.under}>
            {text.failing} <Ago at={failingSince} />
          </span>
        )}
        {statusReason === undefined ? null : <span className={styles.under}>{statusReason}</span>}
        {answersError === undefined ? null : (
          <span className={styles.under}>
            {text.noAnswers} <Foreign max={300}>{answersError}</Foreign>
          </span>
        )}
      </td>
      <td className={styles.minor}>
        <Filters endpoint={endpoint} />
      </td>
      <td className={styles.wide}>
        {text.behindBy(behind, waiting)}
        {skipped === 0 ? null : <span className={styles.under}>{text.skipped(skipped)}</span>}
      </td>
      <td>
        <Link to="/webhooks" search={{ endpoint: endpoint.id }} className={styles.accent}>
          {text.deliveriesOf}
        </Link>
      </td>
      <td className={styles.minor}>
        {endpoint.lastDeliveredAt ? <Ago at={endpoint.lastDeliveredAt} /> : common.none}
      </td>
    </tr>
  );
}

/** Which events an endpoint gets. */
function Filters({ endpoint }: { endpoint: WebhookEndpointView }) {
  const mission = useMission();
  const { types, notices, agentIds, tags } = endpoint;
  const parts = [
    ...(notices?.map((notice) => text.notice[notice]) ?? []),
    ...(types?.map((type) => common.eventType[type]) ?? []),
    ...(agentIds?.map((id) => text.ofAgent(agentName(mission, id) ?? id)) ?? []),
    ...(tags?.map(text.ofTag) ?? []),
  ];
  const all = isForPeople(endpoint.format) ? text.usual : text.everything;
  return <Foreign max={300}>{[...(notices || types ? [] : [all]), ...parts].join(", ")}</Foreign>;
}
