import type { GatewayView, NewEvent } from "@mission-control/protocol";
import type { ConnectionView, GatewayRecord } from "../store/records.ts";
import type { ConnectedKind } from "./gateway-kind.ts";

/** Before anybody has tried to connect. */
export const NO_CONNECTION: ConnectionView = {
  state: "disconnected",
  protocol: null,
  version: null,
  latencyMs: null,
  lastError: null,
  deviceId: null,
  connectedAt: null,
};

/** A gateway as clients see it: without what may be secret. */
export function gatewayView(
  { id, name, url, createdAt }: GatewayRecord,
  kind: Pick<ConnectedKind, "kind" | "shownUrl">,
  connection: ConnectionView = NO_CONNECTION,
): GatewayView {
  return { id, name, kind: kind.kind, url: kind.shownUrl(url), createdAt, ...connection };
}

/** The event that announces what became of a gateway. @param now ISO 8601 UTC */
export function gatewayEvent(record: GatewayRecord, now: string, data: Record<string, string>): NewEvent {
  const message = data.reason === undefined ? record.name : `${record.name}: ${data.reason}`;
  return {
    type: "gateway",
    message,
    data: { ...data, gatewayId: record.id },
    timestamp: now,
    receivedAt: now,
  };
}

/** The event that announces how it stands with a gateway's connection. @param now ISO 8601 UTC */
export function connectionEvent(
  record: GatewayRecord,
  now: string,
  { state, lastError }: ConnectionView,
): NewEvent {
  const reason = lastError === null ? {} : { reason: lastError };
  return gatewayEvent(record, now, { change: "state", state, ...reason });
}
