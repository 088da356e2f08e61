import { setTimeout as wait } from "node:timers/promises";
import type { DispatchPayload, JsonObject } from "@mission-control/protocol";
import type { Logger } from "../../logger.ts";
import { abortable } from "../abortable.ts";
import type { DispatchOutcome, SendContext } from "../gateway.ts";
import type { GatewayConnection } from "./gateway-connection.ts";
import { ConnectionLostError, RequestRefusedError, RequestTimeoutError } from "./gateway-errors.ts";
import type { GatewayLink } from "./gateway-link.ts";
import { type RunKey, runIdsOf, sessionKeyOf } from "./run-key.ts";
import type { RunTimes } from "./run-times.ts";
import { type RunTrace, readTrace } from "./run-trace.ts";
import { reportingInstructions, turnMessage } from "./turn-message.ts";

export const NEVER_BEGUN = "The gateway ended each time before it began the run.";

export interface TurnSenderOptions {
  link: GatewayLink;
  payload: DispatchPayload;
  /** The agent's id on the gateway. */
  agentId: string;
  context: SendContext;
  times: RunTimes;
  logger: Logger;
  /** Takes the dispatch's secret out of a text. */
  redact: (text: string) => string;
  /** Aborted when nobody is interested any more. */
  closed: AbortSignal;
}

/**
 * Hands one dispatch to a gateway as a turn, so that it runs once.
 *
 * The gateway's own protection against a second run, by idempotency key, lives in its memory until five
 * minutes after the run. So nothing is ever sent twice before {@link readTrace} has shown that it is safe.
 */
export class TurnSender implements RunKey {
  readonly sessionKey: string;
  /** Under which id the gateway runs it now. */
  runId: string;
  /** The start of the gateway that this id belongs to; undefined before the first send. */
  bootId: string | undefined;
  /** The connection of the last send, which alone is told the run's tool calls. */
  sentOn: GatewayConnection | undefined;
  /** To the last send. */
  answer: Promise<unknown> = Promise.resolve();
  readonly #options: TurnSenderOptions;

  constructor(options: TurnSenderOptions) {
    const { agentId, payload } = options;
    this.#options = options;
    this.sessionKey = sessionKeyOf(agentId, payload.task.id);
    this.runId = payload.dispatchId;
  }

  /**
   * Sends until the gateway has it, or it is certain that it will not have it.
   * @param unanswered an earlier send was not answered, and may have arrived
   * @throws the reason of the context's signal when that is aborted
   */
  async send(unanswered: boolean): Promise<DispatchOutcome> {
    const { link, context, times, redact, closed } = this.#options;
    const aborted = AbortSignal.any([context.signal, closed]);
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
          unanswered = connection.hello.bootId === this.bootId;
        }
        await this.#remember(connection.hello.bootId);
        aborted.throwIfAborted();
        sending = true;
        this.sentOn = connection;
        this.answer = connection.request("agent", this.#turn());
        await abortable(this.answer, aborted);
        return { kind: "accepted" };
      } catch (error) {
        aborted.throwIfAborted();
        if (error instanceof RequestRefusedError) {
          if (!error.retryable && error.code !== "UNAVAILABLE") {
            return { kind: "rejected", reason: redact(refusalOf(error)) };
          }
          refusal = `The gateway is busy: ${redact(error.message)}.`;
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
    const trace = await this.trace(connection);
    if (trace.kind === "none") return "send";
    if (trace.kind === "never_begun")
      return this.nextRunId() ? "send" : { kind: "lost", reason: NEVER_BEGUN };
    if (trace.kind !== "unknown") return { kind: "accepted" };
    // Without records, only the memory of the gateway's process protects against a second run.
    if (connection.hello.bootId === this.bootId) return "send";
    return {
      kind: "lost",
      reason: "The gateway restarted before it confirmed the task, and cannot tell whether it ran.",
    };
  }

  /** Looks up what the gateway has kept of the run. */
  async trace(connection: GatewayConnection): Promise<RunTrace> {
    const trace = await readTrace(connection, this);
    const { dispatchId } = this.#options.payload;
    this.#options.logger.debug(
      { dispatchId, runId: this.runId, trace: trace.kind },
      "looked up a run at its gateway",
    );
    return trace;
  }

  /** Goes on to the next id, for a turn that will not begin under the last; false when there is none. */
  nextRunId(): boolean {
    const ids = runIdsOf(this.#options.payload.dispatchId);
    const next = ids[ids.indexOf(this.runId) + 1];
    if (next) this.runId = next;
    return next !== undefined;
  }

  /** Keeps under which id, and to which start of the gateway, the turn is about to be sent. */
  async #remember(bootId: string): Promise<void> {
    await this.#options.context.remember({ runId: this.runId, bootId });
    this.bootId = bootId;
  }

  #turn(): JsonObject {
    const { payload, agentId } = this.#options;
    return {
      message: turnMessage(payload),
      agentId,
      sessionKey: this.sessionKey,
      idempotencyKey: this.runId,
      deliver: false,
      extraSystemPrompt: reportingInstructions(payload),
    };
  }
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
