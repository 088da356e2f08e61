import { abortable, pause } from "../abortable.ts";
import type { AgentTarget, GatewayAdapter } from "../gateways/gateway.ts";
import type { Logger } from "../logger.ts";
import type { AgentDirectory, WorkingAgent } from "./agent-directory.ts";

/** Between two rounds, and how long an agent may be silent before it is asked; in milliseconds. */
const INTERVAL_MS = 15_000;
/** Before the first round, so that whoever is dispatched to at the start need not be asked; in milliseconds. */
const FIRST_PAUSE_MS = 3000;
/** Agents asked at the same time. */
const AT_ONCE = 16;

export interface AgentProbeOptions {
  agents: Pick<AgentDirectory, "working" | "announceReachability">;
  /** Whether an agent's work is this node's: one node asks. */
  owns: (agentId: string) => boolean;
  /** The adapter that reaches an agent; null when its gateway is gone. */
  adapterFor: (target: AgentTarget) => GatewayAdapter | null;
  logger: Logger;
  /** Default 15 s. */
  intervalMs?: number;
  /** The clock by which agents were last heard of; the machine's by default. */
  now?: () => Date;
}

/**
 * Asks the agents that have work in hand, and have said nothing for a while, whether they are there: one that died
 * announces nothing. Agents whose connection shows whether they are there are not probed, nor are idle ones.
 */
export class AgentProbe {
  readonly #options: AgentProbeOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: AgentProbeOptions) {
    this.#options = options;
  }

  /** Asks soon, so that a restart knows whom it has, and then in rounds. */
  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { logger, intervalMs = INTERVAL_MS } = this.#options;
    let pauseMs = Math.min(FIRST_PAUSE_MS, intervalMs);
    for (;;) {
      await pause(pauseMs, signal);
      if (signal.aborted) return;
      pauseMs = intervalMs;
      await this.#round(signal).catch((error: unknown) => {
        if (!signal.aborted) logger.error({ err: error }, "whether agents are there could not be found out");
      });
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { agents, owns } = this.#options;
    const working = agents
      .working()
      .filter(({ target }) => owns(target.agentId))
      .values();
    const ask = async () => {
      for (const agent of working) {
        signal.throwIfAborted();
        await this.#ask(agent, signal);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, ask));
  }

  async #ask({ target, lastSeenAt }: WorkingAgent, signal: AbortSignal): Promise<void> {
    const { agents, adapterFor, intervalMs = INTERVAL_MS, now = () => new Date() } = this.#options;
    const adapter = adapterFor(target);
    if (adapter?.probe) {
      const known = adapter.reachability(target);
      const contactAt = known?.status === "online" && known.at ? known.at.getTime() : 0;
      const heardAt = Math.max(contactAt, lastSeenAt === null ? 0 : Date.parse(lastSeenAt));
      const silentMs = now().getTime() - heardAt;
      // Heard of in the future: the clock was set back, so how long ago that was is not known.
      if (silentMs < 0 || silentMs >= intervalMs) await abortable(adapter.probe(target, signal), signal);
    }
    await agents.announceReachability(target.agentId);
  }
}
