import type { PendingCommand } from "../store/log-change.ts";
import { AgentCommands, type AgentCommandsOptions } from "./agent-commands.ts";

export type CommandDeliveryOptions = Omit<AgentCommandsOptions, "signal" | "onEmpty">;

/** Tells agents what the operator decided — cancel, permission answers — until they were told. */
export class CommandDelivery {
  readonly #options: CommandDeliveryOptions;
  readonly #stop = new AbortController();
  readonly #agents = new Map<string, AgentCommands>();

  constructor(options: CommandDeliveryOptions) {
    this.#options = options;
  }

  /** Delivers a command once `ready` has resolved, such as after its dispatch went out. Waits for nothing. */
  deliver(pending: PendingCommand, ready: Promise<unknown> = Promise.resolve()): void {
    void ready.then(() => {
      if (!this.#stop.signal.aborted) this.#commandsOf(pending.agentId).add(pending);
    });
  }

  /** Stops trying; what is undelivered stays in the store for the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#agents.values()].map(({ done }) => done));
  }

  #commandsOf(agentId: string): AgentCommands {
    const known = this.#agents.get(agentId);
    if (known) return known;
    const commands = new AgentCommands(agentId, {
      ...this.#options,
      signal: this.#stop.signal,
      onEmpty: () => this.#agents.delete(agentId),
    });
    this.#agents.set(agentId, commands);
    return commands;
  }
}
