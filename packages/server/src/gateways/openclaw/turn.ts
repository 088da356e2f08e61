import type { DispatchPayload, FormValues, JsonObject } from "@mission-control/protocol";
import type { AgentMessage, PermissionAnswer } from "../gateway.ts";
import { asObject, asText } from "./frames.ts";
import { runIdsOf } from "./run-key.ts";
import { answerMessage, turnMessage } from "./turn-message.ts";

/** One turn of an agent within a dispatch, before it is sent. */
export interface Turn {
  message: string;
  /** The ids it may be sent under, first to last. */
  runIds: readonly string[];
  /** What the adapter's note on the dispatch must hold for {@link turnOfNote} to make it again. */
  note: JsonObject;
}

/** The first turn: the task. */
export function taskTurn(payload: DispatchPayload): Turn {
  return { message: turnMessage(payload), runIds: runIdsOf(payload.dispatchId), note: {} };
}

/**
 * A later turn: the operator's answer. A gateway takes nothing into a turn that was begun by `agent`; what is sent while
 * it runs, runs after it.
 */
export function answerTurn(payload: DispatchPayload, answer: PermissionAnswer): Turn {
  const { requestId, optionId, values } = answer;
  const runIds = runIdsOf(`${payload.dispatchId}.answer.${requestId}`);
  const note = {
    requestId,
    ...(optionId === undefined ? {} : { optionId }),
    ...(values === undefined ? {} : { values }),
  };
  return { message: answerMessage(answer), runIds, note: { answer: note } };
}

/** A later turn: a message of the operator, as it is. */
export function messageTurn(payload: DispatchPayload, { id, text }: Pick<AgentMessage, "id" | "text">): Turn {
  const runIds = runIdsOf(`${payload.dispatchId}.message.${id}`);
  return { message: text, runIds, note: { message: { id, text } } };
}

/** The turn a note speaks of. */
export function turnOfNote(payload: DispatchPayload, note: JsonObject | null): Turn {
  const answer = asObject(note?.answer);
  const requestId = asText(answer.requestId);
  if (requestId !== undefined) {
    const values = answer.values === undefined ? undefined : (asObject(answer.values) as FormValues);
    return answerTurn(payload, { requestId, optionId: asText(answer.optionId), values });
  }
  const message = messageOf(note);
  return message ? messageTurn(payload, message) : taskTurn(payload);
}

/** The message that a turn, by its note, brings to the agent. */
export function messageOf(note: JsonObject | null): { id: string; text: string } | undefined {
  const message = asObject(note?.message);
  const id = asText(message.id);
  const text = asText(message.text);
  return id === undefined || text === undefined ? undefined : { id, text };
}
