import { setTimeout as wait } from "node:timers/promises";
import type { JsonObject, Usage } from "@mission-control/protocol";
import type { Logger } from "../../logger.ts";
import type { GatewayConnection } from "./gateway-connection.ts";
import type { GatewayLink } from "./gateway-link.ts";
import { INTERRUPTED, outcomeOfWait, type RunOutcome } from "./run-outcome.ts";
import type { RunTimes } from "./run-times.ts";
import { NEVER_BEGUN, type TurnSender } from "./turn-sender.ts";

/** How a turn ended, as far as the gateway could be asked. */
export type TurnEnd =
  | { kind: "ended"; outcome: RunOutcome; usage?: Usage | undefined }
  | { kind: "lost"; reason: string };

export interface TurnWatchOptions {
  turn: TurnSender;
  link: GatewayLink;
  times: RunTimes;
  logger: Logger;
  dispatchId: string;
  /** Whether the operator wants it stopped. */
  isCancelled(): boolean;
  announce(message: string, data: JsonObject): void;
  /** See {@link RunActivity.useToolEvents}. */
  useToolEvents(present: boolean): void;
  /** Aborted when nobody is interested any more. */
  closed: AbortSignal;
}

const STOPPED: RunOutcome = { outcome: "cancelled", text: "The run was stopped." };
/** Slack given to an `agent.wait` request over the time the gateway itself waits, in milliseconds. */
const ANSWER_SLACK_MS = 10_000;

/** Follows one turn to its end, across lost connections and restarts of its gateway. */
export class TurnWatch {
  /** Whether the gateway is about to go on with the run under an id that is not known yet. */
  takingUp = false;
  readonly #options: TurnWatchOptions;
  readonly #end = Promise.withResolvers<TurnEnd>();
  /** Aborted when the end is known, or nobody is interested any more. */
  readonly #over: AbortSignal;
  readonly #ended = new AbortController();
  #concluding = false;

  constructor(options: TurnWatchOptions) {
    this.#options = options;
    this.#over = AbortSignal.any([options.closed, this.#ended.signal]);
  }

  /** Resolves with the end; never, where nobody is interested any more. */
  follow(): Promise<TurnEnd> {
    void this.#run();
    return this.#end.promise;
  }

  /** Events were dropped: the run may have ended unseen. */
  onGap(connection: GatewayConnection): void {
    if (this.#over.aborted || connection.hello.bootId !== this.#options.turn.bootId) return;
    // A connection that fails meanwhile is what following a run is there for.
    this.#look(connection).catch(() => {});
  }

  async #run(): Promise<void> {
    const { link, times, logger, turn, dispatchId } = this.#options;
    while (!this.#over.aborted) {
      const patience = AbortSignal.timeout(times.silentMs);
      try {
        const connection = await link.connected(AbortSignal.any([this.#over, patience]));
        if (connection.hello.bootId === turn.bootId) await this.#watch(connection);
        else await this.#takeUp(connection);
      } catch (error) {
        if (patience.aborted) {
          this.#markLost(`The gateway could not be reached for too long. ${link.lastError ?? ""}`.trim());
          return;
        }
        logger.debug({ err: error, dispatchId }, "following a run was interrupted");
        await wait(times.pollMs, undefined, { signal: this.#over }).catch(() => {});
      }
    }
  }

  /** Waits for the end of a run that this start of the gateway has. */
  async #watch(connection: GatewayConnection): Promise<void> {
    const { times, turn, useToolEvents, isCancelled } = this.#options;
    useToolEvents(connection === turn.sentOn);
    let missing = 0;
    for (let asked = connection !== turn.sentOn; !this.#over.aborted; asked = true) {
      if (asked) {
        const trace = await turn.trace(connection);
        if (trace.kind === "ended") return this.#conclude(connection, trace);
        missing = trace.kind === "none" ? missing + 1 : 0;
        if (trace.kind === "continued" || trace.kind === "interrupted") {
          if (trace.cause === "restart") return this.#takeUp(connection);
          if (trace.cause === "stopped" || trace.kind === "continued") {
            return this.#conclude(connection, STOPPED);
          }
        }
        if (missing > 0 && isCancelled()) return this.#conclude(connection, STOPPED);
        if (missing > 1) return this.#markLost("The gateway has no record of the run any more.");
      }
      const began = performance.now();
      if (await this.#look(connection, times.waitMs)) return;
      const rest = times.pollMs - (performance.now() - began);
      if (rest > 0) await wait(rest, undefined, { signal: this.#over });
    }
  }

  /** Asks `agent.wait` once; true when there is nothing to ask it about any more. */
  async #look(connection: GatewayConnection, timeoutMs = 0): Promise<boolean> {
    const { turn, logger, dispatchId } = this.#options;
    const { runId } = turn;
    const payload = await connection.request(
      "agent.wait",
      { runId, timeoutMs },
      { timeoutMs: timeoutMs + ANSWER_SLACK_MS, signal: this.#over },
    );
    const outcome = runId === turn.runId ? outcomeOfWait(payload) : null;
    const { status, stopReason } = payload;
    logger.debug({ dispatchId, runId, status, stopReason }, "waited for a run at its gateway");
    if (outcome === INTERRUPTED) await this.#takeUp(connection);
    else if (outcome) await this.#conclude(connection, outcome);
    return outcome !== null;
  }

  /** Finds the run again in a gateway that has started again since it was sent, or that interrupted it. */
  async #takeUp(connection: GatewayConnection): Promise<void> {
    const { times, turn, announce, useToolEvents } = this.#options;
    if (this.takingUp) return;
    const giveUpAt = performance.now() + times.recoveryMs;
    const restarted = connection.hello.bootId !== turn.bootId;
    const what = restarted ? "The gateway restarted" : "The run was interrupted";
    this.takingUp = true;
    useToolEvents(false);
    try {
      while (performance.now() < giveUpAt) {
        const trace = await turn.trace(connection);
        switch (trace.kind) {
          case "ended":
            return await this.#conclude(connection, trace);
          case "running":
            turn.bootId = connection.hello.bootId;
            return;
          case "continued":
            turn.runId = trace.runId;
            turn.bootId = connection.hello.bootId;
            announce(restarted ? `${what} and has taken the run up again` : `${what} and goes on`, {
              phase: "continued",
            });
            if (this.#options.isCancelled()) await turn.abort(connection, this.#over);
            return;
          case "never_begun":
            return await this.#sendAgain(connection);
          case "none":
          case "unknown":
            return this.#markLost(`${what}, and the gateway has no record of it.`);
          case "interrupted":
            await wait(times.pollMs, undefined, { signal: this.#over });
        }
      }
    } finally {
      this.takingUp = false;
    }
    this.#markLost(`${what} in the middle of the work, and the gateway has not taken it up again.`);
  }

  /** Sends a turn that the gateway had confirmed and then never began, under the next id. */
  async #sendAgain(connection: GatewayConnection): Promise<void> {
    const { turn, isCancelled } = this.#options;
    if (isCancelled()) return this.#conclude(connection, STOPPED);
    if (!turn.nextRunId()) return this.#markLost(NEVER_BEGUN);
    const outcome = await turn.send(false);
    if (outcome.kind === "rejected") {
      return this.#conclude(connection, { outcome: "failed", text: outcome.reason });
    }
    if (outcome.kind !== "accepted") this.#markLost(outcome.reason);
  }

  async #conclude(connection: GatewayConnection, outcome: RunOutcome): Promise<void> {
    if (this.#concluding) return;
    this.#concluding = true;
    const { text, usage } = await this.#options.turn.result(connection);
    const whole = outcome.outcome === "completed" && text ? { ...outcome, text } : outcome;
    this.#resolve({ kind: "ended", outcome: whole, usage });
  }

  #markLost(reason: string): void {
    this.#resolve({ kind: "lost", reason });
  }

  #resolve(end: TurnEnd): void {
    if (this.#over.aborted) return;
    this.#ended.abort(new Error("The run's end is known."));
    this.#end.resolve(end);
  }
}
