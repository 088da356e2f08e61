import type { PendingCommand } from "../store/log-change.ts";
import { AgentCommands, type AgentCommandsOptions } from "./agent-commands.ts";

export type CommandDeliveryOptions = Omit<AgentCommandsOptions, "signal" | "onEmpty">;

/** Delivers to agents what the operator decided — cancel, permission answers — until they took it. */
export class CommandDelivery {
  readonly #options: CommandDeliveryOptions;
  /** The agents that have commands pending. */
  readonly #agents = new Map<string, AgentCommands>();
  /** What ends the delivery to each agent that there was a command for. */
  readonly #stops = new Map<string, AbortController>();

  constructor(options: CommandDeliveryOptions) {
    this.#options = options;
  }

  /** Delivers a command once `ready` has resolved, such as after its dispatch went out. Waits for nothing. */
  deliver(pending: PendingCommand, ready: Promise<unknown> = Promise.resolve()): void {
    const { agentId } = pending;
    const stop = this.#stops.get(agentId) ?? new AbortController();
    this.#stops.set(agentId, stop);
    void ready.then(() => {
      if (!stop.signal.aborted) this.#commandsOf(agentId, stop.signal).add(pending);
    });
  }

  /** Delivers to an agent nothing more of what was to be delivered until now; resolves when nothing is under way to it. */
  async letGo(agentId: string): Promise<void> {
    this.#stops.get(agentId)?.abort();
    this.#stops.delete(agentId);
    const commands = this.#agents.get(agentId);
    this.#agents.delete(agentId);
    await commands?.done;
  }

  /** Stops trying; what is undelivered stays in the store for the next start. */
  async close(): Promise<void> {
    await Promise.all([...this.#stops.keys()].map((agentId) => this.letGo(agentId)));
  }

  #commandsOf(agentId: string, signal: AbortSignal): AgentCommands {
    const known = this.#agents.get(agentId);
    if (known) return known;
    const commands = new AgentCommands(agentId, {
      ...this.#options,
      signal,
      onEmpty: () => {
        if (this.#agents.get(agentId) === commands) this.#agents.delete(agentId);
      },
    });
    this.#agents.set(agentId, commands);
    return commands;
  }
}
