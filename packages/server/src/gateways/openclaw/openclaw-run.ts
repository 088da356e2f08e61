import { setTimeout as wait } from "node:timers/promises";
import type { DispatchPayload, JsonObject } from "@mission-control/protocol";
import type { Logger } from "../../logger.ts";
import type { DispatchOutcome, EarlierSend, RunEvent, SendContext } from "../gateway.ts";
import { abortable } from "./abortable.ts";
import { asText } from "./frames.ts";
import type { GatewayConnection } from "./gateway-connection.ts";
import { ConnectionLostError, RequestRefusedError, RequestTimeoutError } from "./gateway-errors.ts";
import type { GatewayLink } from "./gateway-link.ts";
import { redactor } from "./redaction.ts";
import { RunActivity } from "./run-activity.ts";
import { outcomeOfWait, type RunOutcome } from "./run-outcome.ts";
import { type RunKey, type RunTrace, readTrace } from "./run-trace.ts";
import { reportingInstructions, turnMessage } from "./turn-message.ts";

/** How long a run is waited for, in milliseconds. */
export interface RunTimes {
  /** For a connection, or a gateway that is busy starting, before anything was sent. Default 10 s. */
  handOverMs: number;
  /** For a connection, after a send that was not answered: it may have arrived. Default 10 min. */
  unansweredMs: number;
  /** For a connection, while a run is known to go on without us. Default 24 h: laptops sleep at night. */
  silentMs: number;
  /** For a gateway that started again to take up a run it was interrupted in. Default 2 min. */
  recoveryMs: number;
  /** Between looks at what the gateway has kept. Default 1 s. */
  pollMs: number;
  /** How long one `agent.wait` waits. Default 30 s. */
  waitMs: number;
}

export const DEFAULT_RUN_TIMES: RunTimes = {
  handOverMs: 10_000,
  unansweredMs: 10 * 60_000,
  silentMs: 24 * 60 * 60_000,
  recoveryMs: 2 * 60_000,
  pollMs: 1000,
  waitMs: 30_000,
};

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
const NEVER_BEGUN = "The gateway ended each time before it began the run.";
/** Slack given to an `agent.wait` request over the time the gateway itself waits, in milliseconds. */
const ANSWER_SLACK_MS = 10_000;

/**
 * The session of a task's turns on its gateway; attempts share it, so that an agent knows what came before. In
 * lower case, which gateways turn keys into, to find it in events and records again.
 */
export function sessionKeyOf(agentId: string, taskId: string): string {
  return `agent:${agentId}:mission-control:${taskId}`.toLowerCase();
}

/** The ids a dispatch's turn may have been sent under, first to last. */
export function runIdsOf(dispatchId: string): string[] {
  return [dispatchId, `${dispatchId}.2`, `${dispatchId}.3`];
}

/**
 * One dispatch on a gateway: hands it over so that it runs once, and follows it to its end across lost
 * connections and restarts on both sides.
 *
 * The gateway's own protection against a second run, by idempotency key, lives in its memory until five
 * minutes after the run. So nothing is ever sent twice before {@link readTrace} has shown that it is safe.
 */
export class OpenClawRun {
  readonly dispatchId: string;
  readonly sessionKey: string;
  readonly #options: RunOptions;
  readonly #redact: (text: string) => string;
  readonly #activity: RunActivity;
  readonly #closed = new AbortController();
  /** Under which id the gateway runs it now. */
  #runId: string;
  /** The start of the gateway that this id belongs to. */
  #bootId: string | undefined;
  /** The connection that tells the run's tool calls. */
  #sentOn: GatewayConnection | undefined;
  /** Of the last send. */
  #answer: Promise<unknown> = Promise.resolve();
  #following = false;
  #takingUp = false;
  #cancelled = false;

  constructor(options: RunOptions) {
    const { payload, agentId } = options;
    this.#options = options;
    this.dispatchId = payload.dispatchId;
    this.sessionKey = sessionKeyOf(agentId, payload.task.id);
    this.#runId = payload.dispatchId;
    this.#redact = redactor(payload.callback.secret);
    this.#activity = new RunActivity(this.#redact, () => performance.now());
  }

  get runId(): string {
    return this.#runId;
  }

  /** Hands the dispatch over for the first time. */
  dispatch(): Promise<DispatchOutcome> {
    return this.#deliver(false);
  }

  /** Takes the dispatch up after an earlier process had begun to hand it over. */
  async resume({ accepted, note }: EarlierSend): Promise<DispatchOutcome> {
    const runId = asText(note?.runId);
    this.#runId = runId ?? this.#runId;
    this.#bootId = asText(note?.bootId);
    // Without a note nothing was sent yet.
    if (!accepted) return this.#deliver(runId !== undefined);
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
      this.#answer.catch(() => {}),
      limit,
    );
    await abortRun(connection, this, signal);
  }

  /** Takes an `agent` event of this run's session. */
  onAgentEvent(payload: JsonObject): void {
    if (!this.#following || (payload.runId !== this.#runId && !this.#takingUp)) return;
    for (const { message, data } of this.#activity.take(payload)) this.#tell(message, data);
  }

  /** Events were dropped: the run may have ended unseen. */
  onGap(connection: GatewayConnection): void {
    if (this.#following && connection.hello.bootId === this.#bootId) void this.#look(connection);
  }

  /** Stops watching. The run itself goes on. */
  close(): void {
    this.#closed.abort(new Error("The run is not watched any more."));
  }

  async #deliver(unanswered: boolean): Promise<DispatchOutcome> {
    try {
      const outcome = await this.#handOver(unanswered);
      if (outcome.kind === "accepted") this.#followSoon();
      else this.#stop();
      return outcome;
    } catch (error) {
      // Cancelled meanwhile: what was sent already has to be seen through, so that it can be stopped.
      if (this.#bootId !== undefined) this.#followSoon();
      else this.#stop();
      throw error;
    }
  }

  /**
   * Sends until the gateway has it, or it is certain that it will not have it.
   * @param unanswered an earlier send was not answered, and may have arrived
   * @throws the reason of the context's signal when that is aborted
   */
  async #handOver(unanswered: boolean): Promise<DispatchOutcome> {
    const { link, context, times } = this.#options;
    const aborted = AbortSignal.any([context.signal, this.#closed.signal]);
    let limit = AbortSignal.timeout(unanswered ? times.unansweredMs : times.handOverMs);
    let refusal: string | null = null;
    for (;;) {
      let sending = false;
      try {
        const connection = await link.connected(AbortSignal.any([aborted, limit]), { hurry: true });
        if (unanswered) {
          const verdict = await this.#judge(connection);
          if (verdict !== "send") return verdict;
          // What an earlier start of the gateway got, and did not write down, is gone with it.
          unanswered = connection.hello.bootId === this.#bootId;
        }
        await this.#remember(connection.hello.bootId);
        aborted.throwIfAborted();
        sending = true;
        this.#sentOn = connection;
        this.#answer = connection.request("agent", this.#turn());
        await abortable(this.#answer, aborted);
        return { kind: "accepted" };
      } catch (error) {
        aborted.throwIfAborted();
        if (error instanceof RequestRefusedError) {
          if (!error.retryable && error.code !== "UNAVAILABLE") {
            return { kind: "rejected", reason: this.#redact(refusalOf(error)) };
          }
          refusal = `The gateway is busy: ${error.message}.`;
          const pauseMs = error.retryAfterMs ?? times.pollMs;
          await wait(pauseMs, undefined, { signal: AbortSignal.any([aborted, limit]) }).catch(() => {});
        } else if (isUnanswered(error)) {
          if (sending && !unanswered) {
            unanswered = true;
            limit = AbortSignal.timeout(times.unansweredMs);
          }
        } else if (!limit.aborted) {
          throw error;
        }
        aborted.throwIfAborted();
        if (limit.aborted) return outOfTime(unanswered, refusal ?? link.lastError);
      }
    }
  }

  /** Decides, after a send without an answer, whether sending again is certain not to run it twice. */
  async #judge(connection: GatewayConnection): Promise<DispatchOutcome | "send"> {
    const trace = await this.#trace(connection);
    if (trace.kind === "none") return "send";
    if (trace.kind === "never_begun")
      return this.#nextRunId() ? "send" : { kind: "lost", reason: NEVER_BEGUN };
    if (trace.kind !== "unknown") return { kind: "accepted" };
    // Without records, only the memory of the gateway's process protects against a second run.
    if (connection.hello.bootId === this.#bootId) return "send";
    return {
      kind: "lost",
      reason: "The gateway restarted before it confirmed the task, and cannot tell whether it ran.",
    };
  }

  /** Keeps under which id, and to which start of the gateway, the turn is about to be sent. */
  async #remember(bootId: string): Promise<void> {
    await this.#options.context.remember({ runId: this.#runId, bootId });
    this.#bootId = bootId;
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
        if (connection.hello.bootId === this.#bootId) await this.#watch(connection);
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
    this.#activity.useToolEvents(connection === this.#sentOn);
    for (let asked = connection !== this.#sentOn; !this.#closed.signal.aborted; asked = true) {
      if (asked) {
        const trace = await this.#trace(connection);
        if (trace.kind === "ended") return this.#end(trace);
        const stopped = trace.kind === "continued" || (trace.kind === "interrupted" && trace.recorded);
        if (stopped || (trace.kind === "none" && this.#cancelled)) return this.#end(STOPPED);
      }
      const began = performance.now();
      if (await this.#look(connection, times.waitMs)) return;
      const rest = times.pollMs - (performance.now() - began);
      if (rest > 0) await wait(rest, undefined, { signal: this.#closed.signal });
    }
  }

  /** Asks `agent.wait` once; true when the run is over. */
  async #look(connection: GatewayConnection, timeoutMs = 0): Promise<boolean> {
    const runId = this.#runId;
    const payload = await connection.request(
      "agent.wait",
      { runId, timeoutMs },
      { timeoutMs: timeoutMs + ANSWER_SLACK_MS, signal: this.#closed.signal },
    );
    const outcome = runId === this.#runId ? outcomeOfWait(payload) : null;
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
        const trace = await this.#trace(connection);
        switch (trace.kind) {
          case "ended":
            return this.#end(trace);
          case "running":
            this.#bootId = connection.hello.bootId;
            return;
          case "continued":
            this.#runId = trace.runId;
            this.#bootId = connection.hello.bootId;
            this.#tell("The gateway restarted and has taken the run up again", { phase: "continued" });
            if (this.#cancelled) await abortRun(connection, this, this.#closed.signal);
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
    if (!this.#nextRunId()) return this.#lose(NEVER_BEGUN);
    const outcome = await this.#handOver(false);
    if (outcome.kind === "rejected") return this.#end({ outcome: "failed", text: outcome.reason });
    if (outcome.kind !== "accepted") this.#lose(outcome.reason);
  }

  async #trace(connection: GatewayConnection): Promise<RunTrace> {
    const trace = await readTrace(connection, this);
    const { dispatchId, runId } = this;
    this.#options.logger.debug({ dispatchId, runId, trace: trace.kind }, "looked up a run at its gateway");
    return trace;
  }

  #nextRunId(): boolean {
    const ids = runIdsOf(this.dispatchId);
    const next = ids[ids.indexOf(this.#runId) + 1];
    if (next) this.#runId = next;
    return next !== undefined;
  }

  #turn(): JsonObject {
    const { payload, agentId } = this.#options;
    return {
      message: turnMessage(payload),
      agentId,
      sessionKey: this.sessionKey,
      idempotencyKey: this.#runId,
      deliver: false,
      extraSystemPrompt: reportingInstructions(payload),
    };
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

/** Whether nobody knows if what was asked was done. */
function isUnanswered(error: unknown): boolean {
  return error instanceof ConnectionLostError || error instanceof RequestTimeoutError;
}

function outOfTime(unanswered: boolean, why: string | null): DispatchOutcome {
  const reason = why ?? "The gateway is not connected.";
  if (!unanswered) return { kind: "unreachable", reason };
  return {
    kind: "lost",
    reason: `The task was sent, and since then the gateway could not be asked whether it arrived. ${reason}`,
  };
}

function refusalOf(error: RequestRefusedError): string {
  return `The gateway refused the task: ${error.message} (${error.detailCode ?? error.code}).`;
}
