import { type AgentMessageBody, agentRequestId, type DispatchPayload } from "@mission-control/protocol";
import {
  type AgentMessage,
  type AgentTarget,
  AnswerRefusedError,
  CancelNotConfirmedError,
  type DispatchOutcome,
  type DispatchRef,
  type EarlierSend,
  type GatewayAdapter,
  type MessageOutcome,
  type PermissionAnswer,
  type Reachability,
  type SendContext,
} from "../gateway.ts";
import { AgentCaller, type AgentCallerOptions, AgentUnreachableError, type Asked } from "./agent-caller.ts";
import { hostOf } from "./agent-url.ts";
import { GONE, inWords, isSuccess, messageOutcomeOf, outcomeOf } from "./answers.ts";
import { type Answer, NoAnswerError } from "./signed-request.ts";

/** Answers to a cancel that say nothing of the dispatch: an agent that has no way to cancel gives them as well. */
const NO_CANCEL_THERE = [404, 405, 501];
/** Answers to a permission's answer from an agent that has no such question any more. */
const NOT_KNOWN_THERE = [404, GONE];

/** Agents with a URL of their own: signed requests out, signed callbacks back (docs/contract.md, section 3). */
export class HttpGateway implements GatewayAdapter {
  readonly recordsExchanges = true;
  readonly #caller: AgentCaller;

  constructor(options: AgentCallerOptions = {}) {
    this.#caller = new AgentCaller(options);
  }

  /**
   * Sends until the head of an answer comes, or it is certain that none of the tries was taken. One that went out whole
   * and was not answered may have been: that is the last one.
   */
  async dispatch(
    target: AgentTarget,
    payload: DispatchPayload,
    { signal }: SendContext,
  ): Promise<DispatchOutcome> {
    const { dispatchId, task, callback } = payload;
    const request: Asked = {
      what: "dispatch",
      dispatchId,
      taskId: task.id,
      method: "POST",
      id: dispatchId,
      path: [],
      body: JSON.stringify(payload),
      hidden: callback.secret,
    };
    try {
      return outcomeOf(await this.#caller.request(target, request, { signal, repeat: "unless sent" }));
    } catch (error) {
      if (error instanceof AgentUnreachableError) return { kind: "unreachable", reason: error.message };
      if (error instanceof NoAnswerError && error.sent) {
        const reason = `The agent at ${hostOf(target)} was sent the dispatch, but did not answer (${error.message}): whether it works on it is not known.`;
        return { kind: "unknown", reason };
      }
      if (signal.aborted || this.#caller.isClosed) {
        return { kind: "unsent", reason: "The hand-over was stopped before anything went out." };
      }
      throw error;
    }
  }

  /** Nothing is sent again: an agent that had it may run it twice. */
  async resume(target: AgentTarget, _: DispatchPayload, { accepted }: EarlierSend): Promise<DispatchOutcome> {
    if (accepted) return { kind: "accepted" };
    const reason = `The server ended while it sent the dispatch to the agent at ${hostOf(target)}: whether that works on it is not known.`;
    return { kind: "unknown", reason };
  }

  async cancel(target: AgentTarget, { dispatchId, taskId }: DispatchRef, signal: AbortSignal): Promise<void> {
    const id = agentRequestId.cancel(dispatchId);
    const about = { what: "cancel", dispatchId, taskId } as const;
    const request: Asked = { ...about, method: "DELETE", id, path: [dispatchId], body: "" };
    const answer = await this.#caller.request(target, request, { signal, repeat: "always" });
    if (isSuccess(answer) || answer.status === GONE) return;
    const { message } = refused("the cancel", answer);
    throw NO_CANCEL_THERE.includes(answer.status) ? new CancelNotConfirmedError(message) : new Error(message);
  }

  async answerPermission(
    target: AgentTarget,
    { dispatchId, task }: DispatchPayload,
    { requestId, optionId, values }: PermissionAnswer,
    { signal }: SendContext,
  ): Promise<void> {
    const request: Asked = {
      what: "answer",
      dispatchId,
      taskId: task.id,
      method: "POST",
      id: agentRequestId.permission(dispatchId, requestId),
      path: [dispatchId, "permissions", requestId],
      body: JSON.stringify({ optionId, values }),
    };
    const answer = await this.#caller.request(target, request, { signal, repeat: "always" });
    if (isSuccess(answer)) return;
    throw new AnswerRefusedError(
      NOT_KNOWN_THERE.includes(answer.status)
        ? `The agent no longer knows this question (HTTP ${answer.status}${inWords(answer)}).`
        : refused("the permission's answer", answer).message,
    );
  }

  async sendMessage(
    target: AgentTarget,
    { dispatchId, task }: DispatchPayload,
    { id, text, mode, attachments }: AgentMessage,
    { signal }: SendContext,
  ): Promise<MessageOutcome> {
    const request: Asked = {
      what: "message",
      dispatchId,
      taskId: task.id,
      method: "POST",
      id: agentRequestId.message(dispatchId, id),
      path: [dispatchId, "messages"],
      body: JSON.stringify({ id, text, mode, attachments } satisfies AgentMessageBody),
    };
    const answer = await this.#caller.request(target, request, { signal, repeat: "always" });
    return messageOutcomeOf(answer, attachments?.length ?? 0);
  }

  reachability(target: AgentTarget): Reachability | null {
    return this.#caller.reachability(target);
  }

  probe(target: AgentTarget, signal: AbortSignal): Promise<void> {
    return this.#caller.probe(target, signal);
  }

  async close(): Promise<void> {
    this.#caller.close();
  }
}

function refused(what: string, answer: Answer): Error {
  return new Error(`The agent refused ${what} with HTTP ${answer.status}${inWords(answer)}.`);
}
