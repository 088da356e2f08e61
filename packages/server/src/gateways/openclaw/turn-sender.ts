import { setTimeout as wait } from "node:timers/promises";
import type { DispatchPayload, JsonObject } from "@mission-control/protocol";
import { abortable } from "../../abortable.ts";
import type { Logger } from "../../logger.ts";
import type { DispatchOutcome, SendContext } from "../gateway.ts";
import type { GatewayConnection } from "./gateway-connection.ts";
import {
  ConnectionLostError,
  FrameTooLargeError,
  RequestRefusedError,
  RequestTimeoutError,
} from "./gateway-errors.ts";
import type { GatewayLink } from "./gateway-link.ts";
import { type RunKey, sessionKeyOf } from "./run-key.ts";
import { type RunResult, readResult, resultOfFinal } from "./run-result.ts";
import type { RunTimes } from "./run-times.ts";
import { type RunTrace, readTrace } from "./run-trace.ts";
import type { Turn } from "./turn.ts";
import { reportingInstructions } from "./turn-message.ts";

export const NEVER_BEGUN = "The gateway ended each time before it began the run.";

export interface TurnSenderOptions {
  turn: Turn;
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
 * Hands one turn of a dispatch to a gateway, so that it runs once.
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
  /** The connection of the last send, which alone gets the run's tool calls. */
  sentOn: GatewayConnection | undefined;
  /** To the last send. */
  answer: Promise<unknown> = Promise.resolve();
  /** What the second answer to the last send says, which comes at the run's end. */
  #final: Promise<RunResult> = Promise.resolve({});
  readonly #options: TurnSenderOptions;

  constructor(options: TurnSenderOptions) {
    const { agentId, payload, turn } = options;
    this.#options = options;
    this.sessionKey = sessionKeyOf(agentId, payload.task.id);
    this.runId = turn.runIds[0] ?? payload.dispatchId;
  }

  /** What the adapter's note on the dispatch says of this turn. */
  get note(): JsonObject {
    return this.#options.turn.note;
  }

  /** Whether it is the same turn, whoever made it. */
  isOf(turn: Turn): boolean {
    return turn.runIds[0] === this.#options.turn.runIds[0];
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
        const connection = await link.connected(AbortSignal.any([aborted, limit]), { urgent: true });
        if (unanswered) {
          const verdict = await this.#judge(connection);
          if (verdict !== "send") return verdict;
          // What an earlier start of the gateway got, and did not write down, is gone with it.
          unanswered = connection.hello.bootId === this.bootId;
        }
        const params = await this.#params();
        await this.#remember(connection.hello.bootId);
        aborted.throwIfAborted();
        sending = true;
        this.sentOn = connection;
        const { promise, resolve } = Promise.withResolvers<RunResult>();
        this.#final = promise;
        const onFinal = (payload: JsonObject) => resolve(resultOfFinal(payload));
        this.answer = connection.request("agent", params, { onFinal });
        await abortable(this.answer, aborted);
        return { kind: "accepted" };
      } catch (error) {
        aborted.throwIfAborted();
        if (error instanceof RequestRefusedError) {
          if (!error.retryable && error.code !== "UNAVAILABLE") {
            return { kind: "rejected", reason: redact(this.#refusal(error)) };
          }
          refusal = `The gateway is busy: ${redact(error.message)}.`;
          const pauseMs = error.retryAfterMs ?? times.pollMs;
          await wait(pauseMs, undefined, { signal: AbortSignal.any([aborted, limit]) }).catch(() => {});
        } else if (error instanceof FrameTooLargeError) {
          const { name } = this.#options.turn;
          return { kind: "rejected", reason: `The ${name} is too large for the gateway: ${error.message}.` };
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

  /**
   * What it said and used, in full, once it has ended. Nothing where the gateway does not answer in time: its
   * `agent.wait` gives no more than the beginning of a text.
   */
  async result(connection: GatewayConnection): Promise<RunResult> {
    const { times, closed, logger, payload } = this.#options;
    const limit = AbortSignal.any([closed, connection.ended, AbortSignal.timeout(times.resultMs)]);
    try {
      if (connection === this.sentOn) return await abortable(this.#final, limit);
      const runIds = new Set([...this.#options.turn.runIds, this.runId]);
      return await readResult(connection, { sessionKey: this.sessionKey, runIds }, limit);
    } catch (error) {
      const { dispatchId } = payload;
      logger.debug({ err: error, dispatchId }, "what a run said could not be read in full");
      return {};
    }
  }

  /** Goes on to the next id, for a turn that will not begin under the last; false when there is none. */
  nextRunId(): boolean {
    const ids = this.#options.turn.runIds;
    const next = ids[ids.indexOf(this.runId) + 1];
    if (next) this.runId = next;
    return next !== undefined;
  }

  /** Stops it; resolves also when it was over already. */
  async abort(connection: GatewayConnection, signal: AbortSignal): Promise<void> {
    await abortRun(connection, this, signal);
  }

  /** Has the note on the dispatch name this turn again, where it was sent. */
  async keepNote(): Promise<void> {
    if (this.bootId !== undefined) await this.#remember(this.bootId);
  }

  /** Keeps under which id, and to which start of the gateway, the turn is about to be sent. */
  async #remember(bootId: string): Promise<void> {
    await this.#options.context.remember({ ...this.note, runId: this.runId, bootId });
    this.bootId = bootId;
  }

  #refusal({ message, detailCode, code }: RequestRefusedError): string {
    return `The gateway refused the ${this.#options.turn.name}: ${message} (${detailCode ?? code}).`;
  }

  async #params(): Promise<JsonObject> {
    const { payload, agentId, turn } = this.#options;
    const { message, attachments } = await turn.content();
    return {
      message,
      ...(attachments && { attachments: attachments.map((file) => ({ ...file })) }),
      agentId,
      sessionKey: this.sessionKey,
      idempotencyKey: this.runId,
      deliver: false,
      extraSystemPrompt: reportingInstructions(payload),
    };
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
