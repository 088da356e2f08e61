import type { GatewayView } from "@mission-control/protocol";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useMission } from "../../app/use-mission.ts";
import { formatDuration } from "../../text/duration.ts";
import { gatewaysText } from "../../text/gateways-text.ts";
import { text } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import { Empty, Failure, Skeleton } from "../../ui/page-state.tsx";
import { Badge } from "../../ui/state.tsx";
import styles from "../../ui/table.module.css";
import { Ago } from "../../ui/time.tsx";
import { AddGateway } from "./add-gateway.tsx";
import { GATEWAY_TONE, Pairing } from "./pairing.tsx";
import { useGateways } from "./use-gateways.ts";

/** The OpenClaw Gateways this server is connected to. */
export function GatewaysPage() {
  const { add } = useSearch({ from: "/gateways" });
  const navigate = useNavigate({ from: "/gateways" });
  const gateways = useGateways();
  const [removing, setRemoving] = useState<GatewayView | null>(null);
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <p>{gatewaysText.intro}</p>
        <Button kind="primary" icon="plus" onClick={() => void navigate({ search: { add: true } })}>
          {text.gateways.add}
        </Button>
      </header>
      {gateways.error && !gateways.data ? (
        <Failure error={gateways.error} retry={() => void gateways.refetch()} />
      ) : !gateways.data ? (
        <Skeleton />
      ) : gateways.data.length === 0 ? (
        <Empty icon="gateways" title={gatewaysText.none}>
          <p>{gatewaysText.noneHint}</p>
        </Empty>
      ) : (
        <div className={styles.frame}>
          <table className={`${styles.table} ${styles.stacked}`}>
            <thead>
              <tr>
                <th>{gatewaysText.name}</th>
                <th>{gatewaysText.state}</th>
                <th className={styles.minor}>{gatewaysText.version}</th>
                <th className={`${styles.number} ${styles.minor}`}>{gatewaysText.latency}</th>
                <th className={styles.minor}>{gatewaysText.since}</th>
                <th>
                  <span className="visually-hidden">{gatewaysText.remove}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {gateways.data.map((gateway) => (
                <Row key={gateway.id} gateway={gateway} onRemove={() => setRemoving(gateway)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {add ? <AddGateway onClose={() => void navigate({ search: {} })} /> : null}
      {removing ? <RemoveGateway gateway={removing} onClose={() => setRemoving(null)} /> : null}
    </div>
  );
}

function Row({ gateway, onRemove }: { gateway: GatewayView; onRemove(): void }) {
  return (
    <tr>
      <th scope="row">
        <Foreign max={128}>{gateway.name}</Foreign>
        <span className={styles.under}>
          <code>{gateway.url}</code>
        </span>
      </th>
      <td className={styles.wide}>
        <Badge tone={GATEWAY_TONE[gateway.state]}>{text.gatewayState[gateway.state]}</Badge>
        {gateway.lastError ? (
          <span className={styles.under}>
            <Foreign max={400}>{gateway.lastError}</Foreign>
          </span>
        ) : null}
        {gateway.state === "pairing_required" ? (
          <Pairing deviceId={gateway.deviceId} error={gateway.lastError} />
        ) : null}
      </td>
      <td className={styles.minor}>
        {gateway.version ?? text.none}
        {gateway.protocol === null ? null : (
          <span className={styles.under}>{gatewaysText.protocol(gateway.protocol)}</span>
        )}
      </td>
      <td className={`${styles.number} ${styles.minor}`}>
        {gateway.latencyMs === null ? text.none : formatDuration(gateway.latencyMs)}
      </td>
      <td className={styles.minor}>{gateway.connectedAt ? <Ago at={gateway.connectedAt} /> : text.none}</td>
      <td className={styles.number}>
        <Button kind="danger" onClick={onRemove} aria-label={gatewaysText.removeTitle(gateway.name)}>
          {gatewaysText.remove}
        </Button>
      </td>
    </tr>
  );
}

function RemoveGateway({ gateway, onClose }: { gateway: GatewayView; onClose(): void }) {
  const { api, queries, notices } = useMission();
  async function remove() {
    onClose();
    try {
      await api.call({ method: "DELETE", path: `/api/gateways/${encodeURIComponent(gateway.id)}` });
      await queries.invalidateQueries({ queryKey: ["gateways"] });
    } catch (error) {
      notices.error((error as Error).message);
    }
  }
  return (
    <Dialog
      title={gatewaysText.removeTitle(gateway.name)}
      description={gatewaysText.removeHint}
      onClose={onClose}
    >
      <DialogActions>
        <Button onClick={onClose}>{text.back}</Button>
        <Button kind="danger" onClick={() => void remove()}>
          {gatewaysText.remove}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
