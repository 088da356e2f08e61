import type { PostResult } from "./answer.ts";
import type { Message } from "./callback.ts";
import { Circuit } from "./circuit.ts";
import { type Clock, systemClock } from "./clock.ts";
import { CallbackError } from "./errors.ts";
import { postCallback } from "./post.ts";
import { RETRY_WAITS, retryDelay } from "./retry.ts";
import type { Target } from "./target.ts";
import type { CallbackResponse } from "./wire.ts";

/** How callbacks are carried; every field has a default that suits production. */
export interface TransportOptions {
  fetch?: typeof fetch | undefined;
  clock?: Clock | undefined;
  /** A number from 0 to 1, for the jitter. */
  random?: (() => number) | undefined;
  /** Shared by reporters that talk to one server; each has its own otherwise. */
  circuit?: Circuit | undefined;
  /** How long one try may take, in milliseconds. Default 10,000. */
  timeoutMs?: number | undefined;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/** Delivers one callback at a time, trying again by the contract's schedule. */
export class Sender {
  readonly clock: Clock;
  readonly circuit: Circuit;
  readonly #fetch: typeof fetch;
  readonly #random: () => number;
  readonly #timeoutMs: number;
  readonly #waits: readonly number[];

  /** @param waits the longest wait before each further try, in milliseconds; empty for a single try */
  constructor(options: TransportOptions = {}, waits: readonly number[] = RETRY_WAITS) {
    this.clock = options.clock ?? systemClock;
    this.#fetch = options.fetch ?? fetch;
    this.#random = options.random ?? Math.random;
    this.circuit = options.circuit ?? new Circuit({ clock: this.clock, random: this.#random });
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#waits = waits;
  }

  /**
   * Resolves once Mission Control has stored the callback.
   * @throws CallbackError `refused`, `undeliverable` or `aborted`, saying what the last try met
   */
  async deliver(message: Message, target: Target, signal?: AbortSignal): Promise<CallbackResponse> {
    let last: PostResult | undefined;
    try {
      for (let step = 0; ; ) {
        last = await this.#try(message, target, signal);
        if (last.kind === "stored") return last.answer;
        if (last.kind === "refused") {
          const reason = `Mission Control refused the ${describe(message)}: ${last.reason}.`;
          throw new CallbackError("refused", reason, { status: last.status });
        }
        const wait = this.#waits[step];
        if (wait === undefined) break;
        const delay = retryDelay(wait, last.retryAfter, this.#random);
        if (last.reached) await this.clock.sleep(delay, signal);
        else if (!(await this.circuit.pause(delay, signal))) continue; // A try that costs none of the schedule.
        step++;
      }
    } catch (error) {
      if (error instanceof CallbackError) throw error;
      if (!signal?.aborted) throw error;
      throw new CallbackError(
        "aborted",
        `The ${describe(message)} was given up before it was delivered${lastly(last)}.`,
        { cause: error },
      );
    }
    const tries = this.#waits.length + 1;
    throw new CallbackError(
      "undeliverable",
      `The ${describe(message)} could not be delivered in ${tries === 1 ? "one try" : `${tries} tries`}${lastly(last)}.`,
      last?.kind === "retry" ? { status: last.status, retryAfter: last.retryAfter } : {},
    );
  }

  #try(message: Message, target: Target, signal: AbortSignal | undefined): Promise<PostResult> {
    const options = { fetch: this.#fetch, clock: this.clock, timeoutMs: this.#timeoutMs, signal };
    return this.circuit.run(
      () => postCallback(message, target, options),
      (result) => result.kind === "retry" && !result.reached,
      signal,
    );
  }
}

/** What a callback is called in a sentence. */
export function describe(message: Message): string {
  return message.type === "complete"
    ? "completion"
    : message.type === "error"
      ? "failure report"
      : message.type;
}

function lastly(result: PostResult | undefined): string {
  return result?.kind === "retry" ? `; the last try met: ${result.reason}` : "";
}
