import type {
  CreateGateway,
  DispatchPayload,
  Endpoint,
  GatewayAgent,
  GatewayTest,
  GatewayView,
  SentPayloadView,
} from "@mission-control/protocol";
import type { z } from "zod";
import type { ExchangeSink } from "../exchanges/exchange-log.ts";
import type { Logger } from "../logger.ts";
import type { ConnectionView } from "../store/records.ts";
import type { GatewayAdapter, GatewayListener } from "./gateway.ts";

/** What a kind is given beside a gateway's own configuration. */
export interface KindContext {
  logger: Logger;
  listener: GatewayListener;
  /** Folder of the device identity shown to gateways. */
  identityDir: string;
  /** Whether agents may have link-local addresses. */
  allowLinkLocal: boolean;
  /** Whether what a gateway asks before it runs a command is answered here. */
  answersApprovals: boolean;
  /** Records every request to an agent that is over; absent where that is not kept. */
  exchanges?: ExchangeSink | undefined;
}

/** The adapter of one gateway, and its connection. */
export interface ConnectedAdapter extends GatewayAdapter {
  /** Begins to connect, and to connect again whenever the connection is lost. */
  start(): void;
  state(): ConnectionView;
  /**
   * Lists the agents found there; absent where a gateway cannot.
   * @throws an error whose message says why not
   */
  list?(signal: AbortSignal): Promise<GatewayAgent[]>;
  /** Forgets what the gateway gave this server to connect with, once it is closed for good. */
  forget?(): void;
}

/** Gateways that an administrator adds, each with its configuration, and that agents are found behind. */
export interface ConnectedKind {
  kind: GatewayView["kind"];
  /** What it takes to add one. */
  configSchema: z.ZodType<CreateGateway>;
  /** Makes the adapter of one gateway; it connects once it is started. */
  open(
    gateway: { id: string; url: string; token?: string | undefined },
    context: KindContext,
  ): ConnectedAdapter;
  /** Its address as it may be shown: without what may be secret. */
  shownUrl(url: string): string;
  /** The words in which its agents get a payload. */
  turn(payload: DispatchPayload): NonNullable<SentPayloadView["turn"]>;
  /** One try to connect, kept nowhere; absent where that cannot be tried. */
  test?(config: CreateGateway, context: { identityDir: string }, signal: AbortSignal): Promise<GatewayTest>;
}

/** Agents that are reached without a gateway, each at an address of its own: one adapter for all. */
export interface DirectKind {
  kind: Endpoint["kind"];
  configSchema: null;
  open(context: Pick<KindContext, "logger" | "allowLinkLocal" | "exchanges">): GatewayAdapter;
}

/** A way to reach agents: one entry of `kinds.ts`. */
export type GatewayKind = ConnectedKind | DirectKind;
