import type { DispatchOutcome, SendContext } from "../gateways/gateway.ts";

/** One attempt on its way to its agent. */
export class HandOver {
  readonly #abort = new AbortController();
  readonly #done = Promise.withResolvers<void>();

  /** Resolves when the agent's side has it, or will not. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The attempt was cancelled, or the server stops. */
  abort(): void {
    this.#abort.abort();
  }

  /**
   * Sends by way of `send`, and passes on what came of it; nothing, when it was aborted.
   * An adapter that throws is a fault of ours: the attempt fails with its words, and nobody waits for ever.
   */
  async run(
    send: (context: Pick<SendContext, "signal">) => Promise<DispatchOutcome>,
    settle: (outcome: DispatchOutcome) => Promise<void>,
  ): Promise<void> {
    try {
      const outcome = await send({ signal: this.signal }).catch(
        (error: unknown): DispatchOutcome => ({
          kind: "unreachable",
          reason: `Sending failed: ${String(error)}`,
        }),
      );
      if (!this.signal.aborted) await settle(outcome);
    } finally {
      this.#done.resolve();
    }
  }
}
