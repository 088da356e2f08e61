import type {
  CreateGateway,
  GatewayAgent,
  GatewayTest,
  GatewayView,
  NewEvent,
} from "@mission-control/protocol";
import type { ExchangeSink } from "../exchanges/exchange-log.ts";
import { newId } from "../ids.ts";
import type { Logger } from "../logger.ts";
import { FencedError } from "../store/plan.ts";
import { Position } from "../store/position.ts";
import type { ConnectionView, GatewayRecord } from "../store/records.ts";
import type { Follower, LogEntry, Store } from "../store/store.ts";
import type { AgentTarget, GatewayAdapter, Reachability, RunEvent } from "./gateway.ts";
import type { ConnectedKind, GatewayKind, KindContext } from "./gateway-kind.ts";
import { LeasedGateway } from "./leased-gateway.ts";

/** Id of the gateway that the settings name; it is not kept in the store. */
export const SETTINGS_GATEWAY_ID = "gateway_settings";

/** Agents still point to the gateway. */
export class GatewayInUseError extends Error {
  readonly code = "gateway_in_use";
  override name = "GatewayInUseError";
}

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

/** What the registry reports to, once the rooms above it are there. */
export interface RegistryListener {
  onRunEvent(event: RunEvent): void;
  onReachabilityChange(): void;
  /**
   * Which agents can be reached from this node has changed, see {@link GatewayRegistry.reachesHere}. Resolves when nothing
   * is under way any more to those that cannot.
   */
  onRoutesChange(): Promise<void>;
}

interface Entry {
  record: GatewayRecord;
  kind: ConnectedKind;
  gateway: LeasedGateway;
  /** State and error as this node last announced them. */
  announced: string;
}

/**
 * Every way to reach agents: the gateways that are kept, and agents without one. A view of the store: a gateway is
 * opened and closed by following the log, whichever node it was added or removed at.
 */
export class GatewayRegistry {
  readonly #options: GatewayRegistryOptions;
  readonly #entries = new Map<string, Entry>();
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
    this.#position = new Position(newest);
    this.#follower = store.follow(newest, (entries) => this.#follow(entries));
  }

  /** Resolves when the view shows all that is in the log by now; see AgentDirectory.caughtUp. */
  async caughtUp(): Promise<void> {
    const { newest } = await this.#options.store.range();
    await this.#position.reached(newest);
  }

  list(): GatewayView[] {
    return [...this.#entries.values()].map(viewOf);
  }

  /** Keeps a gateway and begins to connect to it. */
  async create(fields: CreateGateway): Promise<GatewayView> {
    const now = this.#options.now().toISOString();
    const { name = new URL(fields.url).host, url, token } = fields;
    const record: GatewayRecord = {
      id: newId("gateway"),
      name,
      url,
      ...(token === undefined ? {} : { token }),
      createdAt: now,
    };
    const event = gatewayEvent(record, now, { change: "created" });
    const { eventId } = await this.#options.store.edit("gateway", record.id, () => ({ record, event }));
    await this.#position.reachedInTime(eventId);
    const entry = this.#entries.get(record.id);
    // It may have been removed again before it could be shown.
    return entry ? viewOf(entry) : { ...shown(record, this.#kindOf(record)), ...NO_CONNECTION };
  }

  /** One try to connect, kept nowhere. */
  async test(config: CreateGateway, signal: AbortSignal): Promise<GatewayTest> {
    const { identityDir } = this.#options;
    const { test } = this.#kindOf(config);
    if (!test) throw new Error("A gateway of this kind cannot be tried.");
    return test(config, { identityDir }, signal);
  }

  /**
   * @returns whether there was such a gateway
   * @throws GatewayInUseError while agents use it, at the moment it would be removed, or the settings name it
   */
  async remove(id: string): Promise<boolean> {
    if (id === SETTINGS_GATEWAY_ID) {
      if (!this.#entries.has(id)) return false;
      throw new GatewayInUseError(
        "This gateway comes from OPENCLAW_GATEWAY_URL: unset that and start again.",
      );
    }
    const now = this.#options.now().toISOString();
    const { eventId, refusal } = await this.#options.store.edit("gateway", id, (current, { agents }) => {
      if (!current) return { record: null };
      const usedBy = agents().filter(({ endpoint }) => "gatewayId" in endpoint && endpoint.gatewayId === id);
      if (usedBy.length > 0) {
        const names = usedBy.map(({ name }) => name).join(", ");
        const detail = `Agents are reached through it: move or delete ${names} first.`;
        return { refusal: { code: "conflict", detail } };
      }
      return { record: null, event: gatewayEvent(current, now, { change: "deleted" }) };
    });
    if (refusal) throw new GatewayInUseError(refusal.detail);
    await this.#position.reachedInTime(eventId);
    await this.#closing.get(id);
    return eventId !== null;
  }

  /**
   * The agents found on a gateway; null when there is no such gateway. Where another node has the connection, they are asked
   * for over one of this node's own.
   * @throws an error whose message says why they cannot be listed
   */
  async agents(id: string, signal: AbortSignal): Promise<GatewayAgent[] | null> {
    const entry = this.#entries.get(id);
    if (!entry) return null;
    const { record, gateway } = entry;
    if (!gateway.adapter.list) throw new Error("A gateway of this kind does not list its agents.");
    if (gateway.lease) return gateway.adapter.list(signal);
    const { ok, agents, error } = await this.test(record, signal);
    if (!ok) throw new Error(error ?? "It could not be asked.");
    return agents;
  }

  /** How an agent is reached; null when its gateway is not there. */
  adapterFor(target: AgentTarget): GatewayAdapter | null {
    return this.#direct.get(target.endpoint.kind) ?? this.#entryFor(target)?.gateway.adapter ?? null;
  }

  /** Whether no other node is the one to reach an agent: it has no gateway, or this node has its gateway's lease. */
  async reachesHere(target: AgentTarget): Promise<boolean> {
    if (this.#direct.has(target.endpoint.kind)) return true;
    // A gateway that was added at another node just now is not one that is gone.
    await this.caughtUp();
    const entry = this.#entryFor(target);
    return !entry || entry.gateway.lease !== null;
  }

  /** What is known of whether an agent can be reached; null for nothing: an agent without a gateway was not called here. */
  reachability(target: AgentTarget): Reachability | null {
    const direct = this.#direct.get(target.endpoint.kind);
    if (direct) return direct.reachability(target);
    const entry = this.#entryFor(target);
    if (!entry) {
      const reason = "Its gateway is not there: add it, or point the agent to another one.";
      return { status: "offline", reason };
    }
    if (entry.gateway.lease) return entry.gateway.adapter.reachability(target);
    const { state, lastError } = viewOf(entry);
    if (state === "connected") return { status: "online" };
    if (state === "connecting") return { status: "unknown" };
    return { status: "offline", reason: lastError ?? "The gateway is not connected." };
  }

  #entryFor({ endpoint }: AgentTarget): Entry | null {
    // Without a gateway named, the first one of the kind.
    const named = "gatewayId" in endpoint ? endpoint.gatewayId : undefined;
    for (const [id, entry] of this.#entries) {
      if (entry.kind.kind === endpoint.kind && (named === undefined || named === id)) return entry;
    }
    return null;
  }

  async close(): Promise<void> {
    this.#listener = null;
    this.#follower?.close();
    const gateways = [...this.#entries.values()].map(({ gateway }) => gateway);
    const closing = [...gateways, ...this.#direct.values()].map((one) => one.close());
    await Promise.allSettled([...closing, ...this.#closing.values()]);
  }

  #follow(entries: readonly LogEntry[]): void {
    for (const { id, change } of entries) {
      for (const step of change?.records ?? []) {
        if (step.kind === "gateway") this.#followRecord(step.id, step.record as GatewayRecord | null);
      }
      this.#position.moveTo(id);
    }
  }

  #followRecord(id: string, record: GatewayRecord | null): void {
    const entry = this.#entries.get(id);
    if (id === SETTINGS_GATEWAY_ID) {
      // The settings say whether there is one; the store, what became of its connection.
      if (entry)
        entry.record = { ...entry.record, ...(record?.connection ? { connection: record.connection } : {}) };
    } else if (!record) {
      if (entry) this.#close(entry, { forget: true });
    } else if (!entry) this.#open(record);
    else if (entry.record.url === record.url && entry.record.token === record.token) entry.record = record;
    else {
      this.#close(entry, { forget: false });
      this.#open(record);
    }
  }

  #open(record: GatewayRecord): void {
    const { logger, identityDir, allowLinkLocal = false, answersApprovals = false, store } = this.#options;
    const { id } = record;
    if (this.#entries.has(id)) return;
    const kind = this.#kindOf(record);
    const context: KindContext = {
      logger,
      identityDir,
      allowLinkLocal,
      answersApprovals,
      listener: {
        onRunEvent: (event) => this.#listener?.onRunEvent(event),
        onStatusChange: () => this.#announce(id),
      },
    };
    const gateway = new LeasedGateway({
      id,
      store,
      logger,
      open: () => kind.open(record, context),
      onGained: () => void this.#listener?.onRoutesChange(),
      onLost: async () => {
        const lost = this.#entries.get(id);
        if (lost?.gateway === gateway) lost.announced = "";
        await this.#listener?.onRoutesChange();
      },
    });
    this.#entries.set(id, { record, kind, gateway, announced: "" });
  }

  #close({ record: { id }, gateway }: Entry, { forget }: { forget: boolean }): void {
    this.#entries.delete(id);
    // Its agents can be reached from nowhere now, which any node can say.
    void this.#listener?.onRoutesChange();
    const closed = gateway.close().then(() => {
      if (forget) gateway.adapter.forget?.();
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

  /** Announces what became of a connection that this node holds; nothing is announced of a gateway after its removal. */
  #announce(id: string): void {
    const entry = this.#entries.get(id);
    const under = entry?.gateway.lease;
    if (!entry || !under || !this.#listener) return;
    const connection = entry.gateway.adapter.state();
    const { state, lastError } = connection;
    const announcing = `${state} ${lastError ?? ""}`;
    if (announcing === entry.announced) return;
    entry.announced = announcing;
    const { store, now, logger } = this.#options;
    const at = now().toISOString();
    const event = gatewayEvent(entry.record, at, {
      change: "state",
      state,
      ...(lastError === null ? {} : { reason: lastError }),
    });
    const { token: _, ...settings } = entry.record;
    // With the connection in its record, where the other nodes find it.
    const edit = (kept: GatewayRecord | null) => {
      const current = id === SETTINGS_GATEWAY_ID ? settings : kept;
      return current ? { record: { ...current, connection }, event } : { record: null };
    };
    store.edit("gateway", id, edit, { under }).catch((error: unknown) => {
      if (error instanceof FencedError) return;
      logger.error({ err: error, gatewayId: id }, "a gateway's state could not be stored");
    });
    this.#listener.onReachabilityChange();
  }
}

/** A gateway and its connection: this node's own, or what the node that has it announced. */
function viewOf({ record, kind, gateway }: Pick<Entry, "record" | "kind" | "gateway">): GatewayView {
  const connection = gateway.lease ? gateway.adapter.state() : (record.connection ?? NO_CONNECTION);
  return { ...shown(record, kind), ...connection };
}

/** Before anybody has tried to connect. */
const NO_CONNECTION: ConnectionView = {
  state: "disconnected",
  protocol: null,
  version: null,
  latencyMs: null,
  lastError: null,
  deviceId: null,
  connectedAt: null,
};

function shown({ id, name, url, createdAt }: GatewayRecord, kind: ConnectedKind) {
  return { id, name, kind: kind.kind, url: kind.shownUrl(url), createdAt };
}

function gatewayEvent(record: GatewayRecord, now: string, data: Record<string, string>): NewEvent {
  const message = data.reason === undefined ? record.name : `${record.name}: ${data.reason}`;
  return {
    type: "gateway",
    message,
    data: { ...data, gatewayId: record.id },
    timestamp: now,
    receivedAt: now,
  };
}
