import type {
  CreateGateway,
  GatewayAgent,
  GatewayTest,
  GatewayView,
  NewEvent,
} from "@mission-control/protocol";
import { newId } from "../ids.ts";
import type { Logger } from "../logger.ts";
import type { GatewayRecord } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { AgentTarget, GatewayAdapter, GatewayListener, Reachability, RunEvent } from "./gateway.ts";
import { HttpGateway } from "./http/http-gateway.ts";
import { shownUrl } from "./openclaw/gateway-url.ts";
import { OpenClawGateway } from "./openclaw/openclaw-gateway.ts";
import { testConnection } from "./openclaw/test-connection.ts";

/** Id of the gateway that the settings name; it is not kept in the store. */
export const SETTINGS_GATEWAY_ID = "gateway_settings";

/** Agents still point to the gateway. */
export class GatewayInUseError extends Error {
  readonly code = "gateway_in_use";
  override name = "GatewayInUseError";
}

export interface GatewayRegistryOptions {
  store: Pick<Store, "records" | "edit" | "append">;
  logger: Logger;
  now: () => Date;
  /** Folder of the device identity shown to gateways. */
  identityDir: string;
  /** Whether HTTP agents may have link-local addresses; default false. */
  allowLinkLocal?: boolean;
  /** A first gateway, from the settings. */
  first?: { url: string; token?: string };
}

/** What the registry reports to, once the rooms above it are there. */
export interface RegistryListener {
  onRunEvent(event: RunEvent): void;
  onReachabilityChange(): void;
}

interface Entry {
  record: GatewayRecord;
  gateway: OpenClawGateway;
  /** State and error as last told in an event. */
  told: string;
  /** Set while it is being removed: nothing may be told of it after its removal. */
  removal?: Promise<void>;
}

/** Every way to reach agents: the gateways this server is connected to, and HTTP agents directly. */
export class GatewayRegistry {
  readonly #options: GatewayRegistryOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #http: HttpGateway;
  #listener: RegistryListener | null = null;

  constructor(options: GatewayRegistryOptions) {
    this.#options = options;
    this.#http = new HttpGateway({ allowLinkLocal: options.allowLinkLocal ?? false });
  }

  /** Connects to every known gateway; does not wait for any. */
  async start(listener: RegistryListener): Promise<void> {
    this.#listener = listener;
    const { first, store, now } = this.#options;
    if (first) {
      this.#connect({
        id: SETTINGS_GATEWAY_ID,
        name: "OpenClaw (settings)",
        ...first,
        createdAt: now().toISOString(),
      });
    }
    for (const record of await store.records("gateway")) this.#connect(record);
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
    await this.#options.store.edit("gateway", record.id, () => ({ record, event }));
    return viewOf(this.#connect(record));
  }

  /** One try to connect, kept nowhere. */
  test({ url, token }: CreateGateway, signal: AbortSignal): Promise<GatewayTest> {
    return testConnection({ url, token, identityDir: this.#options.identityDir }, signal);
  }

  /**
   * @param usedBy names of agents that are reached through it
   * @returns whether there was such a gateway
   * @throws GatewayInUseError while agents use it, or the settings name it
   */
  async remove(id: string, usedBy: readonly string[]): Promise<boolean> {
    const entry = this.#entries.get(id);
    if (!entry) return false;
    if (id === SETTINGS_GATEWAY_ID) {
      throw new GatewayInUseError(
        "This gateway comes from OPENCLAW_GATEWAY_URL: unset that and start again.",
      );
    }
    if (usedBy.length > 0) {
      throw new GatewayInUseError(
        `Agents are reached through it: move or delete ${usedBy.join(", ")} first.`,
      );
    }
    entry.removal ??= this.#remove(entry);
    await entry.removal;
    return true;
  }

  /** Durably first: a gateway whose removal could not be stored goes on as if nobody had asked. */
  async #remove(entry: Entry): Promise<void> {
    const { id } = entry.record;
    const now = this.#options.now().toISOString();
    try {
      const event = gatewayEvent(entry.record, now, { change: "deleted" });
      await this.#options.store.edit("gateway", id, () => ({ record: null, event }));
    } catch (error) {
      delete entry.removal;
      this.#announce(id);
      throw error;
    }
    this.#entries.delete(id);
    await entry.gateway.close();
    entry.gateway.forget();
  }

  /** The agents found on a gateway; null when there is no such gateway. */
  async agents(id: string, signal: AbortSignal): Promise<GatewayAgent[] | null> {
    return (await this.#entries.get(id)?.gateway.agents(signal)) ?? null;
  }

  /** How an agent is reached; null when its gateway is not there. */
  adapterFor(target: AgentTarget): GatewayAdapter | null {
    const { endpoint } = target;
    if (endpoint.kind === "http") return this.#http;
    if (endpoint.gatewayId !== undefined) return this.#entries.get(endpoint.gatewayId)?.gateway ?? null;
    // Without a gateway named, the first one.
    return this.#entries.values().next().value?.gateway ?? null;
  }

  reachability(target: AgentTarget): Reachability {
    const adapter = this.adapterFor(target);
    if (adapter) return adapter.reachability(target);
    return {
      status: "offline",
      reason: "Its gateway is not there: add it, or point the agent to another one.",
    };
  }

  async close(): Promise<void> {
    this.#listener = null;
    const gateways = [...this.#entries.values()].map(({ gateway }) => gateway);
    await Promise.allSettled([...gateways, this.#http].map((gateway) => gateway.close()));
  }

  #connect(record: GatewayRecord): Entry {
    const listener: GatewayListener = {
      onRunEvent: (event) => this.#listener?.onRunEvent(event),
      onStatusChange: () => this.#announce(record.id),
    };
    const { logger, identityDir } = this.#options;
    const { id, url, token } = record;
    const gateway = new OpenClawGateway({ id, url, token, identityDir, listener, logger });
    const entry: Entry = { record, gateway, told: "" };
    this.#entries.set(id, entry);
    gateway.start();
    return entry;
  }

  #announce(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry || entry.removal || !this.#listener) return;
    const { state, lastError } = viewOf(entry);
    const telling = `${state} ${lastError ?? ""}`;
    if (telling === entry.told) return;
    entry.told = telling;
    const now = this.#options.now().toISOString();
    const event = gatewayEvent(entry.record, now, {
      change: "state",
      state,
      ...(lastError === null ? {} : { reason: lastError }),
    });
    this.#options.store.append([event]).catch((error: unknown) => {
      this.#options.logger.error({ err: error, gatewayId: id }, "a gateway's state could not be stored");
    });
    this.#listener.onReachabilityChange();
  }
}

function viewOf({ record, gateway }: Entry): GatewayView {
  const { id, name, url, createdAt } = record;
  return { id, name, kind: "openclaw", url: shownUrl(url), createdAt, ...gateway.state() };
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
