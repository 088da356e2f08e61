import type { CreateGateway, GatewayView } from "@mission-control/protocol";
import { newId } from "../ids.ts";
import type { GatewayRecord } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import { gatewayEvent } from "./gateway-views.ts";
import { SETTINGS_GATEWAY_ID } from "./known-gateway.ts";
import type { GatewayRegistry } from "./registry.ts";

/** Agents still point to the gateway. */
export class GatewayInUseError extends Error {
  readonly code = "gateway_in_use";
  override name = "GatewayInUseError";
}

export interface GatewayEditorOptions {
  store: Pick<Store, "edit">;
  /** Opens and closes what is added and removed, as it follows the log. */
  gateways: Pick<GatewayRegistry, "reachedInTime" | "show" | "has" | "closed">;
  now: () => Date;
}

/** What operators do with gateways: each edit is one commit, announced by an event. */
export class GatewayEditor {
  readonly #options: GatewayEditorOptions;

  constructor(options: GatewayEditorOptions) {
    this.#options = options;
  }

  /** Keeps a gateway, and begins to connect to it. */
  async create({ name, url, token }: CreateGateway): Promise<GatewayView> {
    const { store, gateways } = this.#options;
    const now = this.#options.now().toISOString();
    const record: GatewayRecord = {
      id: newId("gateway"),
      name: name ?? new URL(url).host,
      url,
      ...(token === undefined ? {} : { token }),
      createdAt: now,
    };
    const event = gatewayEvent(record, now, { change: "created" });
    const { eventId } = await store.edit("gateway", record.id, () => ({ record, event }));
    await gateways.reachedInTime(eventId);
    return gateways.show(record);
  }

  /**
   * Removes a gateway; resolves once this node's connection to it is closed.
   * @returns whether there was such a gateway
   * @throws GatewayInUseError while agents use it, at the moment it would be removed, or the settings name it
   */
  async remove(id: string): Promise<boolean> {
    const { store, gateways } = this.#options;
    if (id === SETTINGS_GATEWAY_ID) {
      if (!gateways.has(id)) return false;
      throw new GatewayInUseError(
        "This gateway comes from OPENCLAW_GATEWAY_URL: unset that and start again.",
      );
    }
    const now = this.#options.now().toISOString();
    const { eventId, refusal } = await store.edit("gateway", id, (current, { agents }) => {
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
    await gateways.reachedInTime(eventId);
    await gateways.closed(id);
    return eventId !== null;
  }
}
