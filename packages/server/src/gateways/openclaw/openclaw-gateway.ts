import type { DispatchPayload, GatewayAgent } from "@mission-control/protocol";
import type { Logger } from "../../logger.ts";
import type { ConnectionView } from "../../store/records.ts";
import type { Backoff } from "../backoff.ts";
import type {
  AgentMessage,
  AgentTarget,
  DispatchOutcome,
  DispatchRef,
  EarlierSend,
  GatewayListener,
  MessageOutcome,
  PermissionAnswer,
  Reachability,
  SendContext,
} from "../gateway.ts";
import type { ConnectedAdapter } from "../gateway-kind.ts";
import { listAgents } from "./agents.ts";
import { DeviceIdentity } from "./device-identity.ts";
import type { DeviceTokenSlot } from "./device-tokens.ts";
import { asText } from "./frames.ts";
import { GatewayLink } from "./gateway-link.ts";
import { GatewayQuestions, kindOf } from "./gateway-questions.ts";
import { OpenClawRun } from "./openclaw-run.ts";
import { sessionKeyOf } from "./run-key.ts";
import { DEFAULT_RUN_TIMES, type RunTimes } from "./run-times.ts";
import { stopRunsOf } from "./stop-runs.ts";

/** The version this client gives of itself. */
export const CLIENT_VERSION = "0.1.0";

export interface OpenClawGatewayOptions {
  /** Mission Control's id of the gateway. */
  id: string;
  /** `ws://` or `wss://`. */
  url: string;
  /** The gateway's shared token. */
  token?: string | undefined;
  /** Folder of the device key and of the tokens gateways gave it. */
  identityDir: string;
  listener: GatewayListener;
  logger: Logger;
  times?: Partial<RunTimes>;
  backoff?: Backoff;
  random?: () => number;
  /** Whether what the gateway asks before it runs a command is answered here; default false. */
  answersApprovals?: boolean;
  /** In milliseconds; default 20 s. */
  connectTimeoutMs?: number;
  /** In milliseconds; default 30 s. */
  requestTimeoutMs?: number;
}

/** The agents behind one OpenClaw Gateway. */
export class OpenClawGateway implements ConnectedAdapter {
  /** All attempts at a task are turns of one session. */
  readonly keepsConversations = true;
  readonly #options: OpenClawGatewayOptions;
  readonly #identity: DeviceIdentity;
  readonly #deviceToken: DeviceTokenSlot;
  readonly #link: GatewayLink;
  readonly #runs = new Map<string, OpenClawRun>();
  readonly #questions: GatewayQuestions;

  constructor(options: OpenClawGatewayOptions) {
    const { id, identityDir, listener } = options;
    this.#options = options;
    this.#identity = DeviceIdentity.open(identityDir);
    this.#deviceToken = this.#identity.tokenOf(options);
    this.#questions = new GatewayQuestions({
      runs: () => this.#runs.values(),
      logger: options.logger,
      gatewayId: id,
    });
    this.#link = new GatewayLink({
      ...options,
      gatewayId: id,
      identity: this.#identity,
      deviceToken: this.#deviceToken,
      clientVersion: CLIENT_VERSION,
      onChange: () => {
        listener.onStatusChange(id);
        this.#readQuestions();
      },
      onEvent: ({ event, payload }) => {
        this.#questions.onEvent(event, payload);
        if (event !== "agent") return;
        for (const run of this.#runs.values()) {
          if (run.sessionKey === payload.sessionKey) run.onAgentEvent(payload);
        }
      },
      onGap: (connection) => {
        for (const run of this.#runs.values()) run.onGap(connection);
      },
    });
  }

  /** Begins to connect, and to connect again whenever the connection is lost. */
  start(): void {
    this.#link.start();
  }

  state(): ConnectionView {
    const { connection, state, lastError } = this.#link;
    return {
      state,
      protocol: connection?.hello.protocol ?? null,
      version: connection?.hello.version ?? null,
      latencyMs: connection?.latencyMs ?? null,
      lastError,
      deviceId: this.#identity.id,
      connectedAt: connection?.connectedAt.toISOString() ?? null,
    };
  }

  /**
   * The agents found on the gateway.
   * @throws an error whose message says why when the gateway is not connected
   */
  async list(signal: AbortSignal): Promise<GatewayAgent[]> {
    const { connection, lastError } = this.#link;
    if (!connection) throw new Error(lastError ?? "The gateway is not connected yet.");
    return listAgents(connection, signal);
  }

  dispatch(target: AgentTarget, payload: DispatchPayload, context: SendContext): Promise<DispatchOutcome> {
    return this.#run(target, payload, context).dispatch();
  }

  resume(
    target: AgentTarget,
    payload: DispatchPayload,
    earlier: EarlierSend,
    context: SendContext,
  ): Promise<DispatchOutcome> {
    return this.#run(target, payload, context).resume(earlier);
  }

  async cancel(target: AgentTarget, ref: DispatchRef, signal: AbortSignal): Promise<void> {
    const run = this.#runs.get(ref.dispatchId);
    if (run) return run.cancel(signal);
    // A run of an earlier process, under whichever id it went or goes on now.
    const connection = await this.#connected(signal);
    const sessionKey = sessionKeyOf(gatewayAgentId(target), ref.taskId);
    await stopRunsOf(connection, { sessionKey, dispatchId: ref.dispatchId }, signal);
  }

  /**
   * Gives the answer to the gateway, where that asked; or else to the agent as its next turn, after the one that is under
   * way, if any.
   */
  answerPermission(
    target: AgentTarget,
    payload: DispatchPayload,
    answer: PermissionAnswer,
    context: SendContext,
  ): Promise<void> {
    const kind = kindOf(answer.requestId);
    if (kind) {
      const { signal } = context;
      return this.#connected(signal).then((connection) => kind.answer(connection, answer, signal));
    }
    const run = this.#runs.get(payload.dispatchId) ?? this.#run(target, payload, context);
    return run.answer(answer);
  }

  /** Says a message to the agent as its next turn: after the one that is under way or, to interrupt that, in its place. */
  sendMessage(
    target: AgentTarget,
    payload: DispatchPayload,
    message: AgentMessage,
    context: SendContext,
  ): Promise<MessageOutcome> {
    const run = this.#runs.get(payload.dispatchId) ?? this.#run(target, payload, context);
    return run.say(message);
  }

  reachability(_target: AgentTarget): Reachability {
    const { state, lastError } = this.#link;
    if (state === "connected") return { status: "online" };
    if (state === "connecting") return { status: "unknown" };
    return { status: "offline", reason: lastError ?? "The gateway is not connected." };
  }

  async close(): Promise<void> {
    for (const run of this.#runs.values()) run.close();
    this.#runs.clear();
    await this.#link.close();
  }

  /** Forgets what the gateway gave this device to connect with, once it is closed for good. */
  forget(): void {
    this.#deviceToken.forget();
  }

  /** What the gateway asks already, and was not told here. */
  #readQuestions(): void {
    if (this.#link.connection) void this.#questions.read(this.#link.connection);
  }

  #connected(signal: AbortSignal) {
    const { handOverMs } = { ...DEFAULT_RUN_TIMES, ...this.#options.times };
    const limit = AbortSignal.any([signal, AbortSignal.timeout(handOverMs)]);
    return this.#link.connected(limit, { urgent: true });
  }

  #run(target: AgentTarget, payload: DispatchPayload, context: SendContext): OpenClawRun {
    const { listener, logger, times } = this.#options;
    const { dispatchId } = payload;
    // A resume within one process takes the place of whoever watched before.
    this.#runs.get(dispatchId)?.close();
    const run = new OpenClawRun({
      link: this.#link,
      payload,
      agentId: gatewayAgentId(target),
      context,
      times: { ...DEFAULT_RUN_TIMES, ...times },
      logger,
      emit: (event) => listener.onRunEvent(event),
      onEnd: () => {
        if (this.#runs.get(dispatchId) === run) this.#runs.delete(dispatchId);
      },
    });
    this.#runs.set(dispatchId, run);
    this.#readQuestions();
    return run;
  }
}

function gatewayAgentId({ endpoint }: AgentTarget): string {
  // Gateways know no ids with spaces around them; their sessions by such a key are beyond repair.
  const agentId = endpoint.kind === "openclaw" ? asText(endpoint.agentId.trim()) : undefined;
  if (!agentId) throw new TypeError("This agent is not behind an OpenClaw Gateway.");
  return agentId;
}
