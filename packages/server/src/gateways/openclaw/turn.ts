import type { DispatchPayload, JsonObject } from "@mission-control/protocol";
import { asObject, asText } from "./frames.ts";
import { runIdsOf } from "./run-key.ts";
import { answerMessage, turnMessage } from "./turn-message.ts";

/** The operator's answer to a permission request. */
export interface PermissionAnswer {
  requestId: string;
  optionId: string;
}

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
  const { requestId, optionId } = answer;
  const runIds = runIdsOf(`${payload.dispatchId}.answer.${requestId}`);
  return { message: answerMessage(answer), runIds, note: { answer: { requestId, optionId } } };
}

/** The turn a note speaks of. */
export function turnOfNote(payload: DispatchPayload, note: JsonObject | null): Turn {
  const answer = asObject(note?.answer);
  const requestId = asText(answer.requestId);
  const optionId = asText(answer.optionId);
  if (requestId === undefined || optionId === undefined) return taskTurn(payload);
  return answerTurn(payload, { requestId, optionId });
}
