import type { DispatchPayload } from "@mission-control/protocol";
import type { ServerProcess } from "../../packages/server/test/support/server-process.ts";

/** The same dispatch, its callbacks going to another node, as a load balancer may send them. */
export function sentTo(node: Pick<ServerProcess, "port">, payload: DispatchPayload): DispatchPayload {
  const url = new URL(payload.callback.url);
  url.port = String(node.port);
  return { ...payload, callback: { ...payload.callback, url: url.href } };
}
