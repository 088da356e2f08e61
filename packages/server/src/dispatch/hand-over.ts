import type { DispatchOutcome, SendContext } from "../gateways/gateway.ts";
import type { ChangeResult } from "../store/operations.ts";

/** How long an adapter may take to end once its hand-over was aborted, in milliseconds; then nobody waits for it. */
const ABORT_GRACE_MS = 1000;

/** One attempt on its way to its agent. */
export class HandOver {
  readonly #abort = new AbortController();
  readonly #done = Promise.withResolvers<ChangeResult | null>();
  /** What came of sending it; null where it was aborted and ended without an outcome, or did not end in time. */
  readonly #outcome = Promise.withResolvers<DispatchOutcome | null>();
  readonly agentId: string;

  constructor(agentId: string) {
    this.agentId = agentId;
  }

  /**
   * Resolves when the agent's side has it, or will not, or nobody waits for it any more; with what was written of it,
   * or null where nothing was.
   */
  get done(): Promise<ChangeResult | null> {
    return this.#done.promise;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The attempt was cancelled, or is not this node's any more. */
  abort(): void {
    if (this.signal.aborted) return;
    this.#abort.abort();
    setTimeout(() => this.#outcome.resolve(null), ABORT_GRACE_MS).unref();
  }

  /** It will not be sent. */
  drop(): void {
    this.#done.resolve(null);
  }

  /**
   * Sends by way of `send`, and passes on what came of it. An aborted one that ends without an outcome is left as it
   * is. An adapter that throws is a fault of ours, and nobody can say whether it had sent: the attempt is `unknown`.
   */
  async run(
    send: (context: Pick<SendContext, "signal">) => Promise<DispatchOutcome>,
    settle: (outcome: DispatchOutcome) => Promise<ChangeResult | null>,
  ): Promise<void> {
    let written: ChangeResult | null = null;
    try {
      send({ signal: this.signal }).then(this.#outcome.resolve, (error: unknown) =>
        this.#outcome.resolve(
          this.signal.aborted ? null : { kind: "unknown", reason: `Sending failed: ${String(error)}` },
        ),
      );
      const outcome = await this.#outcome.promise;
      if (outcome) written = await settle(outcome);
    } finally {
      this.#done.resolve(written);
    }
  }
}
