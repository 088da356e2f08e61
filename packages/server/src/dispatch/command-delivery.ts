import { setTimeout as wait } from "node:timers/promises";
import type { DispatchRef } from "../gateways/gateway.ts";
import type { Logger } from "../logger.ts";
import type { PendingCommand, Store } from "../store/store.ts";
import type { AgentCommand } from "../tasks/change.ts";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
/** An agent that cannot be told for so long will not be told: its run is over for us anyway. */
const GIVE_UP_AFTER_MS = 60 * 60_000;

export interface CommandDeliveryOptions {
  store: Pick<Store, "commandDone">;
  logger: Logger;
  /** Tells the agent once; rejects when it could not be told now. */
  tell: (agentId: string, dispatch: DispatchRef, command: AgentCommand, signal: AbortSignal) => Promise<void>;
}

/** Tells agents what the operator decided — cancel, permission answers — until they were told. */
export class CommandDelivery {
  readonly #options: CommandDeliveryOptions;
  readonly #stop = new AbortController();
  readonly #active = new Set<Promise<void>>();

  constructor(options: CommandDeliveryOptions) {
    this.#options = options;
  }

  /** Delivers a command once `ready` has resolved, such as after its dispatch went out. */
  deliver(pending: PendingCommand, ready: Promise<void> = Promise.resolve()): void {
    const delivery = ready
      .then(() => this.#deliver(pending))
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) {
          this.#options.logger.error(
            { err: error, dispatchId: pending.dispatchId },
            "a command was not delivered",
          );
        }
      });
    this.#active.add(delivery);
    delivery.finally(() => this.#active.delete(delivery));
  }

  /** Stops trying; what is undelivered stays in the store for the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#active);
  }

  async #deliver({ id, agentId, dispatchId, taskId, command }: PendingCommand): Promise<void> {
    const { signal } = this.#stop;
    const giveUpAt = performance.now() + GIVE_UP_AFTER_MS;
    for (let pause = FIRST_WAIT_MS; !signal.aborted; pause = Math.min(pause * 2, LONGEST_WAIT_MS)) {
      try {
        await this.#options.tell(agentId, { dispatchId, taskId }, command, signal);
        break;
      } catch (error) {
        signal.throwIfAborted();
        const fields = { err: error, dispatchId, command: command.kind };
        if (performance.now() > giveUpAt) {
          this.#options.logger.error(fields, "gave up telling an agent");
          break;
        }
        this.#options.logger.warn(fields, "could not tell an agent; trying again");
        await wait(pause * (0.5 + Math.random() / 2), undefined, { signal });
      }
    }
    signal.throwIfAborted();
    await this.#options.store.commandDone(id);
  }
}
