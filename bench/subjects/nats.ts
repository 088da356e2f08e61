import { missingNats, NatsServer } from "../../test/cluster/nats-server.ts";

/** A NATS server with JetStream, as the cluster's tests run it; null where there is none, and none can be installed. */
export async function startNats(): Promise<NatsServer | null> {
  return missingNats().length > 0 ? null : NatsServer.start();
}
