import type { DispatchPayload, FormValues, JsonObject, SentFile } from "@mission-control/protocol";
import type { AgentMessage, PermissionAnswer } from "../gateway.ts";
import { asObject, asText } from "./frames.ts";
import { runIdsOf } from "./run-key.ts";
import { type TurnContent, withFiles } from "./turn-files.ts";
import { answerMessage, turnMessage } from "./turn-message.ts";

/** One turn of an agent within a dispatch, before it is sent. */
export interface Turn {
  /** What it is called in the words of a refusal. */
  name: "task" | "answer" | "message";
  /** Read again for each send: files are large, and the turn is kept until it is over. @throws StoreUnavailableError */
  content(): Promise<TurnContent>;
  /** The ids it may be sent under, first to last. */
  runIds: readonly string[];
  /** What the adapter's note on the dispatch must hold for {@link turnOfNote} to make it again. */
  note: JsonObject;
}

/** The first turn: the task. */
export function taskTurn(payload: DispatchPayload): Turn {
  const content = async () => ({ message: turnMessage(payload) });
  return { name: "task", content, runIds: runIdsOf(payload.dispatchId), note: {} };
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
  const content = async () => ({ message: answerMessage(answer) });
  return { name: "answer", content, runIds, note: { answer: note } };
}

/** Reads the files of a message; null where they are not kept any more. */
export type FilesOf = (messageId: string) => Promise<readonly SentFile[] | null>;

/** A later turn: a message of the operator, as it is, with its files. */
export function messageTurn(
  payload: DispatchPayload,
  { id, text }: Pick<AgentMessage, "id" | "text">,
  filesOf: FilesOf,
): Turn {
  const runIds = runIdsOf(`${payload.dispatchId}.message.${id}`);
  const content = async () => withFiles(text, await filesOf(id));
  return { name: "message", content, runIds, note: { message: { id, text } } };
}

/** The turn a note speaks of. */
export function turnOfNote(payload: DispatchPayload, note: JsonObject | null, filesOf: FilesOf): Turn {
  const answer = asObject(note?.answer);
  const requestId = asText(answer.requestId);
  if (requestId !== undefined) {
    const values = answer.values === undefined ? undefined : (asObject(answer.values) as FormValues);
    return answerTurn(payload, { requestId, optionId: asText(answer.optionId), values });
  }
  const message = messageOf(note);
  return message ? messageTurn(payload, message, filesOf) : taskTurn(payload);
}

/** The message that a turn, by its note, brings to the agent. */
export function messageOf(note: JsonObject | null): { id: string; text: string } | undefined {
  const message = asObject(note?.message);
  const id = asText(message.id);
  const text = asText(message.text);
  return id === undefined || text === undefined ? undefined : { id, text };
}
