import type { GatewayAgent, GatewayView } from "@mission-control/protocol";
import { FencedError, type LeaseToken } from "../store/operations.ts";
import type { GatewayRecord, RecordEdit } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import { isHolderMissed, withConnectionOf, withoutHolder } from "./announced-connection.ts";
import type { AgentTarget, GatewayAdapter, Reachability, RunEvent } from "./gateway.ts";
import type { ConnectedKind, KindContext } from "./gateway-kind.ts";
import { connectionEvent, gatewayView } from "./gateway-views.ts";
import { LeasedGateway } from "./leased-gateway.ts";

/** Id of the gateway that the settings name; of it, the store keeps no more than its connection. */
export const SETTINGS_GATEWAY_ID = "gateway_settings";

/** What gateways report to, once the rooms above them are there. */
export interface RegistryListener {
  onRunEvent(event: RunEvent): void;
  onReachabilityChange(): void;
  /**
   * Which agents can be reached from this node has changed, see `GatewayRegistry.reachesHere`. Resolves when nothing is
   * under way any more to those that cannot.
   */
  onRoutesChange(): Promise<void>;
}

export interface KnownGatewayOptions extends Omit<KindContext, "listener"> {
  store: Pick<Store, "edit" | "lease">;
  now: () => Date;
  /** Null once nobody is to hear anything any more. */
  listener: () => RegistryListener | null;
}

/** One gateway as this node knows it: its record, and its connection, be it this node's own or another's. */
export class KnownGateway {
  #record: GatewayRecord;
  readonly #kind: ConnectedKind;
  readonly #options: KnownGatewayOptions;
  readonly #leased: LeasedGateway;
  /** State and error as this node last announced them. */
  #announced = "";
  #isClosed = false;

  /** Connects as soon as this node gets the gateway's lease. */
  constructor(record: GatewayRecord, kind: ConnectedKind, options: KnownGatewayOptions) {
    this.#record = record;
    this.#kind = kind;
    this.#options = options;
    const { listener, store, logger } = options;
    const context: KindContext = {
      ...options,
      listener: {
        onRunEvent: (event) => listener()?.onRunEvent(event),
        onStatusChange: () => this.#announce(),
      },
    };
    this.#leased = new LeasedGateway({
      id: record.id,
      store,
      logger,
      open: () => kind.open(record, context),
      onHolderMissed: (fence) => this.#announceMissed(fence),
      onGained: () => void listener()?.onRoutesChange(),
      onLost: async () => {
        this.#announced = "";
        await listener()?.onRoutesChange();
      },
    });
  }

  get record(): GatewayRecord {
    return this.#record;
  }

  /** Takes the record as it is now, of which a node has announced the connection or another one that it is missed. */
  follow(record: GatewayRecord): void {
    this.#record = record;
    if (!isHolderMissed(record)) return;
    // It is not, where it is this one.
    this.#announced = "";
    this.#announce();
  }

  get adapter(): GatewayAdapter {
    return this.#leased.adapter;
  }

  /** Whether this node has its lease, and so its connection. */
  get isHere(): boolean {
    return this.#leased.lease !== null;
  }

  /** Whether an agent is reached through it: an agent that names no gateway takes any of its kind. */
  serves({ endpoint }: AgentTarget): boolean {
    const named = "gatewayId" in endpoint ? endpoint.gatewayId : undefined;
    return this.#kind.kind === endpoint.kind && (named === undefined || named === this.record.id);
  }

  /** With this node's own connection, or what the node that has it announced. */
  view(): GatewayView {
    const connection = this.isHere ? this.#leased.adapter.state() : this.record.connection;
    return gatewayView(this.record, this.#kind, connection);
  }

  /** Whether an agent behind it can be reached. */
  reachability(target: AgentTarget): Reachability | null {
    if (this.isHere) return this.adapter.reachability(target);
    const { state, lastError } = this.view();
    if (state === "connected") return { status: "online" };
    if (state === "connecting") return { status: "unknown", ...(lastError ? { reason: lastError } : {}) };
    return { status: "offline", reason: lastError ?? "The gateway is not connected." };
  }

  /**
   * The agents found on it. Where another node has the connection, they are asked for over one of this node's own.
   * @throws an error whose message says why they cannot be listed
   */
  async agents(signal: AbortSignal): Promise<GatewayAgent[]> {
    const { adapter } = this.#leased;
    if (!adapter.list) throw new Error("A gateway of this kind does not list its agents.");
    if (this.isHere) return adapter.list(signal);
    const { identityDir } = this.#options;
    const { ok, agents, error } = await tryToConnect(this.#kind, this.record, { identityDir }, signal);
    if (!ok) throw new Error(error ?? "It could not be asked.");
    return agents;
  }

  /**
   * Disconnects and gives the lease back; announces nothing any more.
   * @param forget whether it was removed for good: then what it gave this server to connect with goes too
   */
  async close({ forget }: { forget: boolean }): Promise<void> {
    this.#isClosed = true;
    await this.#leased.close();
    if (forget) this.#leased.adapter.forget?.();
  }

  /** Announces what became of a connection that this node holds. */
  #announce(): void {
    const listener = this.#options.listener();
    const under = this.#leased.lease;
    if (this.#isClosed || !under || !listener) return;
    const connection = this.#leased.adapter.state();
    const { state, lastError } = connection;
    const announcing = `${state} ${lastError ?? ""}`;
    if (announcing === this.#announced) return;
    this.#announced = announcing;
    const { id } = this.record;
    const event = connectionEvent(this.record, this.#options.now().toISOString(), connection);
    const { token: _, ...settings } = this.record;
    // With the connection in its record, where the other nodes find it.
    const edit = (kept: GatewayRecord | null) => {
      const current = id === SETTINGS_GATEWAY_ID ? settings : kept;
      const announced = { connection, connectionFence: under.fence };
      return current ? { record: withConnectionOf(current, announced), event } : { record: null };
    };
    this.#store(edit, { under });
    listener.onReachabilityChange();
  }

  /** Announces that the node that is connected is missed; of all that notice, one does. */
  #announceMissed(fence: number): void {
    const at = this.#options.now().toISOString();
    this.#store((kept) => {
      const record = kept && withoutHolder(kept, fence);
      if (!record?.connection) return { refusal: { code: "conflict", detail: "It is known already." } };
      return { record, event: connectionEvent(record, at, record.connection) };
    });
  }

  #store(
    edit: (kept: GatewayRecord | null) => RecordEdit<GatewayRecord>,
    options: { under?: LeaseToken } = {},
  ): void {
    const { store, logger } = this.#options;
    const { id } = this.record;
    store.edit("gateway", id, edit, options).catch((error: unknown) => {
      if (error instanceof FencedError) return;
      logger.error({ err: error, gatewayId: id }, "a gateway's state could not be stored");
    });
  }
}

/** One try to connect, kept nowhere. @throws where that cannot be tried with gateways of this kind */
export function tryToConnect(
  { test }: ConnectedKind,
  ...tried: Parameters<NonNullable<ConnectedKind["test"]>>
): ReturnType<NonNullable<ConnectedKind["test"]>> {
  if (!test) throw new Error("A gateway of this kind cannot be tried.");
  return test(...tried);
}
