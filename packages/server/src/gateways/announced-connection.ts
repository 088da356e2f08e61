import type { GatewayRecord } from "../store/records.ts";
import { NO_CONNECTION } from "./gateway-views.ts";

const HOLDER_MISSED =
  "The server that is connected to it has not been heard of for some seconds. Another one takes over, unless that one comes back.";

type Announced = Pick<GatewayRecord, "connection" | "connectionFence">;

/** The record with what another one says of the connection, such as that gateway's record in the store. */
export function withConnectionOf(
  record: GatewayRecord,
  { connection, connectionFence }: Announced,
): GatewayRecord {
  const { connection: _, connectionFence: __, ...settings } = record;
  return {
    ...settings,
    ...(connection ? { connection } : {}),
    ...(connectionFence === undefined ? {} : { connectionFence }),
  };
}

/**
 * The record once the node that is connected, under the lease with this fence, is missed: nobody can say any more that there
 * is a connection. Null where nobody said so, or a later node did, or it was written already.
 */
export function withoutHolder(record: GatewayRecord, fence: number): GatewayRecord | null {
  const { connection, connectionFence } = record;
  if (connection?.state !== "connected" || connectionFence === undefined || connectionFence > fence)
    return null;
  const { deviceId } = connection;
  return withConnectionOf(record, {
    connection: { ...NO_CONNECTION, state: "connecting", lastError: HOLDER_MISSED, deviceId },
  });
}

/** Whether others have written of the node that is connected that it is missed; that one takes it back. */
export function isHolderMissed({ connection, connectionFence }: Announced): boolean {
  return connection !== undefined && connectionFence === undefined;
}
