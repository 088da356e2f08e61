import { setTimeout as wait } from "node:timers/promises";
import type { DispatchPayload, JsonObject } from "@mission-control/protocol";
import type { Logger } from "../../logger.ts";
import { abortable } from "../abortable.ts";
import type { DispatchOutcome, EarlierSend, RunEvent, SendContext } from "../gateway.ts";
import { asText } from "./frames.ts";
import type { GatewayConnection } from "./gateway-connection.ts";
import type { GatewayLink } from "./gateway-link.ts";
import { redactor } from "./redaction.ts";
import { RunActivity } from "./run-activity.ts";
import type { RunKey } from "./run-key.ts";
import { outcomeOfWait, type RunOutcome } from "./run-outcome.ts";
import type { RunTimes } from "./run-times.ts";
import { NEVER_BEGUN, TurnSender } from "./turn-sender.ts";

export interface RunOptions {
  link: GatewayLink;
  payload: DispatchPayload;
  /** The agent's id on the gateway. */
  agentId: string;
  context: SendContext;
  times: RunTimes;
  logger: Logger;
  emit(event: RunEvent): void;
  /** The run needs no more watching. */
  onEnd(): void;
}

const STOPPED: RunOutcome = { outcome: "cancelled", text: "The run was stopped." };
/** Slack given to an `agent.wait` request over the time the gateway itself waits, in milliseconds. */
const ANSWER_SLACK_MS = 10_000;

/** One dispatch on a gateway: handed over, and followed to its end across lost connections and restarts on both sides. */
export class OpenClawRun {
  readonly dispatchId: string;
  readonly #options: RunOptions;
  readonly #turn: TurnSender;
  readonly #redact: (text: string) => string;
  readonly #activity: RunActivity;
  readonly #closed = new AbortController();
  #following = false;
  #takingUp = false;
  #cancelled = false;

  constructor(options: RunOptions) {
    const { payload } = options;
    this.#options = options;
    this.dispatchId = payload.dispatchId;
    this.#redact = redactor(payload.callback.secret);
    this.#activity = new RunActivity(this.#redact, () => performance.now());
    this.#turn = new TurnSender({ ...options, redact: this.#redact, closed: this.#closed.signal });
  }

  get sessionKey(): string {
    return this.#turn.sessionKey;
  }

  /** Hands the dispatch over for the first time. */
  dispatch(): Promise<DispatchOutcome> {
    return this.#deliver(false);
  }

  /** Takes the dispatch up after an earlier process had begun to hand it over. */
  async resume({ accepted, note }: EarlierSend): Promise<DispatchOutcome> {
    const runId = asText(note?.runId);
    this.#turn.runId = runId ?? this.#turn.runId;
    this.#turn.bootId = asText(note?.bootId);
    // Without a note nothing was sent yet. What was accepted went under the first id: of a later one, sent since
    // by itself, nobody knows whether it was.
    const confirmed = accepted && this.#turn.runId === this.dispatchId;
    if (!confirmed) return this.#deliver(runId !== undefined);
    this.#followSoon();
    return { kind: "accepted" };
  }

  /** Tells the gateway to stop the run; also one that it takes up later. */
  async cancel(signal: AbortSignal): Promise<void> {
    this.#cancelled = true;
    const { link, times } = this.#options;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(times.handOverMs)]);
    const connection = await link.connected(limit, { hurry: true });
    await abortable(
      this.#turn.answer.catch(() => {}),
      limit,
    );
    await abortRun(connection, this.#turn, signal);
  }

  /** Takes an `agent` event of this run's session. */
  onAgentEvent(payload: JsonObject): void {
    if (!this.#following || (payload.runId !== this.#turn.runId && !this.#takingUp)) return;
    for (const { message, data } of this.#activity.take(payload)) this.#tell(message, data);
  }

  /** Events were dropped: the run may have ended unseen. */
  onGap(connection: GatewayConnection): void {
    if (!this.#following || connection.hello.bootId !== this.#turn.bootId) return;
    // A connection that fails meanwhile is what following a run is there for.
    this.#look(connection).catch(() => {});
  }

  /** Stops watching. The run itself goes on. */
  close(): void {
    this.#closed.abort(new Error("The run is not watched any more."));
  }

  async #deliver(unanswered: boolean): Promise<DispatchOutcome> {
    try {
      const outcome = await this.#turn.send(unanswered);
      if (outcome.kind === "accepted") this.#followSoon();
      else this.#stop();
      return outcome;
    } catch (error) {
      // Cancelled meanwhile: what was sent already has to be seen through, so that it can be stopped.
      if (this.#turn.bootId !== undefined) this.#followSoon();
      else this.#stop();
      throw error;
    }
  }

  #followSoon(): void {
    // After the caller has seen the outcome: nothing of the run may be told before.
    setImmediate(() => void this.#follow());
  }

  async #follow(): Promise<void> {
    const { link, times, logger } = this.#options;
    this.#following = true;
    while (!this.#closed.signal.aborted) {
      const patience = AbortSignal.timeout(times.silentMs);
      try {
        const connection = await link.connected(AbortSignal.any([this.#closed.signal, patience]));
        if (connection.hello.bootId === this.#turn.bootId) await this.#watch(connection);
        else await this.#takeUp(connection);
      } catch (error) {
        if (patience.aborted) {
          return this.#lose(`The gateway could not be reached for too long. ${link.lastError ?? ""}`.trim());
        }
        logger.debug({ err: error, dispatchId: this.dispatchId }, "following a run was interrupted");
        await wait(times.pollMs, undefined, { signal: this.#closed.signal }).catch(() => {});
      }
    }
  }

  /** Waits for the end of a run that this start of the gateway has. */
  async #watch(connection: GatewayConnection): Promise<void> {
    const { times } = this.#options;
    this.#activity.useToolEvents(connection === this.#turn.sentOn);
    let missing = 0;
    for (let asked = connection !== this.#turn.sentOn; !this.#closed.signal.aborted; asked = true) {
      if (asked) {
        const trace = await this.#turn.trace(connection);
        if (trace.kind === "ended") return this.#end(trace);
        missing = trace.kind === "none" ? missing + 1 : 0;
        const stopped = trace.kind === "continued" || (trace.kind === "interrupted" && trace.recorded);
        if (stopped || (missing > 0 && this.#cancelled)) return this.#end(STOPPED);
        if (missing > 1) return this.#lose("The gateway has no record of the run any more.");
      }
      const began = performance.now();
      if (await this.#look(connection, times.waitMs)) return;
      const rest = times.pollMs - (performance.now() - began);
      if (rest > 0) await wait(rest, undefined, { signal: this.#closed.signal });
    }
  }

  /** Asks `agent.wait` once; true when the run is over. */
  async #look(connection: GatewayConnection, timeoutMs = 0): Promise<boolean> {
    const runId = this.#turn.runId;
    const payload = await connection.request(
      "agent.wait",
      { runId, timeoutMs },
      { timeoutMs: timeoutMs + ANSWER_SLACK_MS, signal: this.#closed.signal },
    );
    const outcome = runId === this.#turn.runId ? outcomeOfWait(payload) : null;
    const { status, stopReason } = payload;
    const { dispatchId } = this;
    this.#options.logger.debug({ dispatchId, runId, status, stopReason }, "waited for a run at its gateway");
    if (outcome) this.#end(outcome);
    return outcome !== null;
  }

  /** Finds the run again in a gateway that has started anew since it was sent. */
  async #takeUp(connection: GatewayConnection): Promise<void> {
    const { times } = this.#options;
    const giveUpAt = performance.now() + times.recoveryMs;
    this.#takingUp = true;
    this.#activity.useToolEvents(false);
    try {
      while (performance.now() < giveUpAt) {
        const trace = await this.#turn.trace(connection);
        switch (trace.kind) {
          case "ended":
            return this.#end(trace);
          case "running":
            this.#turn.bootId = connection.hello.bootId;
            return;
          case "continued":
            this.#turn.runId = trace.runId;
            this.#turn.bootId = connection.hello.bootId;
            this.#tell("The gateway restarted and has taken the run up again", { phase: "continued" });
            if (this.#cancelled) await abortRun(connection, this.#turn, this.#closed.signal);
            return;
          case "never_begun":
            return await this.#sendAnew();
          case "none":
          case "unknown":
            return this.#lose("The gateway restarted and has no record of the run.");
          case "interrupted":
            await wait(times.pollMs, undefined, { signal: this.#closed.signal });
        }
      }
    } finally {
      this.#takingUp = false;
    }
    this.#lose("The gateway restarted in the middle of the run and has not taken it up again.");
  }

  /** Sends a turn that the gateway had confirmed and then never began, under the next id. */
  async #sendAnew(): Promise<void> {
    if (this.#cancelled || this.#options.context.signal.aborted) return this.#end(STOPPED);
    if (!this.#turn.nextRunId()) return this.#lose(NEVER_BEGUN);
    const outcome = await this.#turn.send(false);
    if (outcome.kind === "rejected") return this.#end({ outcome: "failed", text: outcome.reason });
    if (outcome.kind !== "accepted") this.#lose(outcome.reason);
  }

  #tell(message: string, data: JsonObject): void {
    this.#options.emit({
      kind: "activity",
      dispatchId: this.dispatchId,
      message,
      data: { source: "gateway", ...data },
      at: new Date(),
    });
  }

  #end({ outcome, text }: RunOutcome): void {
    if (this.#closed.signal.aborted) return;
    this.#stop();
    const { dispatchId } = this;
    this.#options.emit({ kind: "ended", dispatchId, outcome, text: this.#redact(text), at: new Date() });
  }

  #lose(reason: string): void {
    if (this.#closed.signal.aborted) return;
    this.#stop();
    this.#options.emit({ kind: "lost", dispatchId: this.dispatchId, reason, at: new Date() });
  }

  #stop(): void {
    this.#following = false;
    this.close();
    this.#options.onEnd();
  }
}

/** Stops one run; resolves also when it was over already. */
export async function abortRun(
  connection: GatewayConnection,
  { sessionKey, runId }: RunKey,
  signal: AbortSignal,
): Promise<void> {
  await connection.request("chat.abort", { sessionKey, runId }, { signal });
}
