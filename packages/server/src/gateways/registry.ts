import type { CreateGateway, GatewayAgent, GatewayTest, GatewayView } from "@mission-control/protocol";
import type { ExchangeSink } from "../exchanges/exchange-log.ts";
import type { Logger } from "../logger.ts";
import type { LogChange } from "../store/log-change.ts";
import { Position } from "../store/position.ts";
import type { GatewayRecord } from "../store/records.ts";
import type { Follower, LogEntry, Store } from "../store/store.ts";
import { withConnectionOf } from "./announced-connection.ts";
import type { AgentTarget, GatewayAdapter, Reachability } from "./gateway.ts";
import type { ConnectedKind, GatewayKind } from "./gateway-kind.ts";
import { gatewayView } from "./gateway-views.ts";
import {
  KnownGateway,
  type KnownGatewayOptions,
  type RegistryListener,
  SETTINGS_GATEWAY_ID,
  tryToConnect,
} from "./known-gateway.ts";

export interface GatewayRegistryOptions {
  store: Pick<Store, "range" | "records" | "follow" | "edit" | "lease">;
  /** What there is to open; see kinds.ts. */
  kinds: readonly GatewayKind[];
  logger: Logger;
  now: () => Date;
  /** Folder of the device identity shown to gateways. */
  identityDir: string;
  /** Whether HTTP agents may have link-local addresses; default false. */
  allowLinkLocal?: boolean;
  /** Whether what gateways ask before they run a command is answered here; default false. */
  answersApprovals?: boolean;
  /** Records every request to an agent that is over. */
  exchanges?: ExchangeSink;
  /** A first gateway, from the settings. */
  first?: { url: string; token?: string };
}

/**
 * Every way to reach agents: the gateways that are kept, and agents without one. A view of the store: a gateway is
 * opened and closed by following the log, whichever node it was added or removed at.
 */
export class GatewayRegistry {
  readonly #options: GatewayRegistryOptions;
  readonly #gateways = new Map<string, KnownGateway>();
  readonly #direct = new Map<string, GatewayAdapter>();
  /** Gateways that were removed and are not closed yet. */
  readonly #closing = new Map<string, Promise<void>>();
  #position = new Position(0);
  #follower: Follower | null = null;
  #listener: RegistryListener | null = null;

  constructor(options: GatewayRegistryOptions) {
    const { kinds, logger, allowLinkLocal = false, exchanges } = options;
    this.#options = options;
    for (const one of kinds) {
      if (one.configSchema === null)
        this.#direct.set(one.kind, one.open({ logger, allowLinkLocal, exchanges }));
    }
  }

  /** Connects to every known gateway, and follows what becomes of them; does not wait for any. */
  async start(listener: RegistryListener): Promise<void> {
    this.#listener = listener;
    const { first, store, now } = this.#options;
    if (first) {
      this.#open({
        id: SETTINGS_GATEWAY_ID,
        name: "OpenClaw (settings)",
        ...first,
        createdAt: now().toISOString(),
      });
    }
    const { newest } = await store.range();
    // At this position or later; what the log brings a second time changes nothing.
    for (const record of await store.records("gateway")) this.#followRecord(record.id, record);
    this.#position = new Position(newest, (isUrgent) => this.#follower?.setUrgent(isUrgent));
    this.#follower = store.follow(newest, (entries) => this.#follow(entries));
  }

  /** Resolves when the view shows all that is in the log by now; see AgentDirectory.caughtUp. */
  async caughtUp(): Promise<void> {
    const { newest } = await this.#options.store.range();
    await this.#position.reached(newest);
  }

  /** Resolves once the view shows the effect of an event, or to false where it takes too long. */
  reachedInTime(eventId: number | null): Promise<boolean> {
    return this.#position.reachedInTime(eventId);
  }

  list(): GatewayView[] {
    return [...this.#gateways.values()].map((gateway) => gateway.view());
  }

  has(id: string): boolean {
    return this.#gateways.has(id);
  }

  /** The gateway of a record as it is shown; also when it was removed again since. */
  show(record: GatewayRecord): GatewayView {
    return this.#gateways.get(record.id)?.view() ?? gatewayView(record, this.#kindOf(record));
  }

  /** Resolves when a gateway that was removed is closed. */
  async closed(id: string): Promise<void> {
    await this.#closing.get(id);
  }

  /** One try to connect, kept nowhere. */
  async test(config: CreateGateway, signal: AbortSignal): Promise<GatewayTest> {
    const { identityDir } = this.#options;
    return tryToConnect(this.#kindOf(config), config, { identityDir }, signal);
  }

  /**
   * The agents found on a gateway; null when there is no such gateway.
   * @throws an error whose message says why they cannot be listed
   */
  async agents(id: string, signal: AbortSignal): Promise<GatewayAgent[] | null> {
    return this.#gateways.get(id)?.agents(signal) ?? null;
  }

  /** How an agent is reached; null when its gateway is not there. */
  adapterFor(target: AgentTarget): GatewayAdapter | null {
    return this.#direct.get(target.endpoint.kind) ?? this.#gatewayOf(target)?.adapter ?? null;
  }

  /** Whether no other node is the one to reach an agent: it has no gateway, or this node has its gateway's lease. */
  async reachesHere(target: AgentTarget): Promise<boolean> {
    if (this.#direct.has(target.endpoint.kind)) return true;
    // A gateway that was added at another node just now is not one that is gone.
    await this.caughtUp();
    return this.#gatewayOf(target)?.isHere ?? true;
  }

  /** What is known of whether an agent can be reached; null for nothing: an agent without a gateway was not called here. */
  reachability(target: AgentTarget): Reachability | null {
    const direct = this.#direct.get(target.endpoint.kind);
    if (direct) return direct.reachability(target);
    const gateway = this.#gatewayOf(target);
    if (gateway) return gateway.reachability(target);
    return {
      status: "offline",
      reason: "Its gateway is not there: add it, or point the agent to another one.",
    };
  }

  async close(): Promise<void> {
    this.#listener = null;
    this.#follower?.close();
    const gateways = [...this.#gateways.values()].map((one) => one.close({ forget: false }));
    const direct = [...this.#direct.values()].map((one) => one.close());
    await Promise.allSettled([...gateways, ...direct, ...this.#closing.values()]);
  }

  #gatewayOf(target: AgentTarget): KnownGateway | undefined {
    return [...this.#gateways.values()].find((gateway) => gateway.serves(target));
  }

  #follow(entries: readonly LogEntry[]): void {
    for (const { id, change } of entries) {
      if (change) this.#followChange(change);
      this.#position.moveTo(id);
    }
  }

  #followChange({ records = [] }: LogChange): void {
    for (const { kind, id, record } of records) {
      if (kind === "gateway") this.#followRecord(id, record as GatewayRecord | null);
    }
  }

  #followRecord(id: string, record: GatewayRecord | null): void {
    const known = this.#gateways.get(id);
    if (id === SETTINGS_GATEWAY_ID) {
      // The settings say whether there is one; the store, what became of its connection.
      if (known && record) known.follow(withConnectionOf(known.record, record));
    } else if (!record) {
      if (known) this.#close(known, { forget: true });
    } else if (!known) this.#open(record);
    else if (known.record.url === record.url && known.record.token === record.token) known.follow(record);
    else {
      this.#close(known, { forget: false });
      this.#open(record);
    }
  }

  #open(record: GatewayRecord): void {
    if (this.#gateways.has(record.id)) return;
    const { allowLinkLocal = false, answersApprovals = false } = this.#options;
    const { logger, identityDir, store, now } = this.#options;
    const options: KnownGatewayOptions = {
      logger,
      identityDir,
      allowLinkLocal,
      answersApprovals,
      store,
      now,
      listener: () => this.#listener,
    };
    this.#gateways.set(record.id, new KnownGateway(record, this.#kindOf(record), options));
  }

  #close(gateway: KnownGateway, how: { forget: boolean }): void {
    const { id } = gateway.record;
    this.#gateways.delete(id);
    // Its agents can be reached from nowhere now, which any node can say.
    void this.#listener?.onRoutesChange();
    const closed = gateway.close(how).then(() => {
      if (this.#closing.get(id) === closed) this.#closing.delete(id);
    });
    this.#closing.set(id, closed);
    closed.catch((error: unknown) => {
      this.#options.logger.error({ err: error, gatewayId: id }, "a gateway could not be closed");
    });
  }

  /** The kind that takes this configuration. */
  #kindOf({ url, token }: { url: string; token?: string | undefined }): ConnectedKind {
    const connected = this.#options.kinds.filter((one) => one.configSchema !== null);
    const kind = connected.find((one) => one.configSchema.safeParse({ url, token }).success) ?? connected[0];
    if (!kind) throw new Error("No kind of gateway can be added.");
    return kind;
  }
}
