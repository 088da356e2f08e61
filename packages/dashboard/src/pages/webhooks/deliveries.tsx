import type { DeliveryState, DeliveryView } from "@mission-control/protocol";
import { useState } from "react";
import { text as common } from "../../text/text.ts";
import { webhooksText as text } from "../../text/webhooks-text.ts";
import { Button } from "../../ui/button.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import { Empty, Failure, Skeleton } from "../../ui/page-state.tsx";
import { Badge, type Tone } from "../../ui/state.tsx";
import styles from "../../ui/table.module.css";
import { Ago } from "../../ui/time.tsx";
import { DeliveryDialog } from "./delivery-dialog.tsx";
import { useDeliveries, useEndpoints } from "./use-webhooks.ts";
import local from "./webhooks.module.css";

const STATES = ["waiting", "delivered", "failed"] as const satisfies readonly DeliveryState[];
const STATE_TONE: Record<DeliveryState, Tone> = { waiting: "waiting", delivered: "good", failed: "bad" };

/** What was sent to endpoints, and what came of it. */
export function Deliveries() {
  const [endpointId, setEndpointId] = useState("");
  const [state, setState] = useState<DeliveryState | "">("");
  const [openId, setOpenId] = useState<string | null>(null);
  const endpoints = useEndpoints();
  const pages = useDeliveries({ endpointId: endpointId || undefined, state: state || undefined });
  const deliveries = pages.data?.pages.flatMap(({ items }) => items);
  const nameOf = (id: string) => {
    const endpoint = endpoints.data?.find((one) => one.id === id);
    return endpoint?.description ?? endpoint?.url ?? id;
  };
  return (
    <section className={styles.section} aria-labelledby="deliveries">
      <div className={styles.head}>
        <h2 id="deliveries">{text.deliveries}</h2>
        <div className={local.filters}>
          <label>
            {text.of}
            <select value={endpointId} onChange={(event) => setEndpointId(event.target.value)}>
              <option value="">{text.all}</option>
              {endpoints.data?.map(({ id }) => (
                <option key={id} value={id}>
                  {nameOf(id)}
                </option>
              ))}
            </select>
          </label>
          <label>
            {text.state}
            <select value={state} onChange={(event) => setState(event.target.value as DeliveryState | "")}>
              <option value="">{text.all}</option>
              {STATES.map((one) => (
                <option key={one} value={one}>
                  {text.deliveryState[one]}
                </option>
              ))}
            </select>
          </label>
        </div>
      </div>
      {pages.error && !deliveries ? (
        <Failure error={pages.error} retry={() => void pages.refetch()} />
      ) : !deliveries ? (
        <Skeleton lines={3} />
      ) : deliveries.length === 0 ? (
        <Empty icon="webhooks" title={text.noDeliveries}>
          <p>{text.noDeliveriesHint}</p>
        </Empty>
      ) : (
        <div className={styles.frame}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th>{text.event}</th>
                <th>{text.state}</th>
                <th>{text.of}</th>
                <th className={styles.number}>{text.tries}</th>
                <th>{text.when}</th>
              </tr>
            </thead>
            <tbody>
              {deliveries.map((delivery) => (
                <Row
                  key={delivery.id}
                  delivery={delivery}
                  endpoint={nameOf(delivery.endpointId)}
                  onOpen={() => setOpenId(delivery.id)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {pages.hasNextPage ? (
        <Button disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {text.more}
        </Button>
      ) : null}
      {openId === null ? null : <DeliveryDialog id={openId} onClose={() => setOpenId(null)} />}
    </section>
  );
}

interface RowProps {
  delivery: DeliveryView;
  endpoint: string;
  onOpen(): void;
}

function Row({ delivery, endpoint, onOpen }: RowProps) {
  const { eventId, eventType, state, tries, tryCount, nextTryAt, updatedAt } = delivery;
  const type = eventType in common.eventType ? (eventType as keyof typeof common.eventType) : null;
  const error = tries.at(-1)?.error;
  return (
    <tr>
      <th scope="row">
        <button type="button" className={local.open} onClick={onOpen}>
          {type ? common.eventType[type] : eventType === "digest" ? text.digestMessage : text.testMessage}{" "}
          {eventId === null ? "" : `#${eventId}`}
        </button>
      </th>
      <td>
        <Badge tone={STATE_TONE[state]}>{text.deliveryState[state]}</Badge>
        {state === "delivered" || error === undefined ? null : (
          <span className={styles.under}>
            <Foreign max={300}>{error}</Foreign>
          </span>
        )}
      </td>
      <td>
        <Foreign max={128}>{endpoint}</Foreign>
      </td>
      <td className={styles.number}>{tryCount}</td>
      <td>
        <Ago at={updatedAt} />
        {nextTryAt === undefined ? null : (
          <span className={styles.under}>
            {text.nextTry}: {new Date(nextTryAt).toLocaleString()}
          </span>
        )}
      </td>
    </tr>
  );
}
