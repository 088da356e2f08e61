import { isDeepStrictEqual } from "node:util";
import type { FormField, FormValues, JsonObject } from "@mission-control/protocol";
import { AnswerRefusedError } from "../gateway.ts";
import type { AskingKind } from "./asking.ts";
import { asNumber, asObject, asObjects, asText } from "./frames.ts";
import type { GatewayConnection } from "./gateway-connection.ts";
import { RequestRefusedError } from "./gateway-errors.ts";
import { QUESTIONS_SCOPE, REVIEWER_SCOPE } from "./handshake.ts";

const PREFIX = "openclaw-question:";
/** What Mission Control takes (docs/contract.md, section 4). */
const MAX_TITLE_CHARACTERS = 4096;
const MAX_OPTION_CHARACTERS = 1024;

const ANSWER = { optionId: "answer", name: "Answer", kind: "allow_once" };
/** The agent gets no answer, and goes on as it thinks best. */
const SKIP = { optionId: "skip", name: "Skip", kind: "reject_once" };

/**
 * What an agent asks people to decide, one to three questions at a time (its tool `ask_user`, and `question.*` of the
 * gateway): a form, each question a field.
 */
export const questions: AskingKind = {
  prefix: PREFIX,
  requestedEvent: "question.requested",
  resolvedEvent: "question.resolved",
  list: { method: "question.list", field: "questions" },
  isGranted: (scopes) => scopes.includes(QUESTIONS_SCOPE) || scopes.includes(REVIEWER_SCOPE),

  read(payload, redact) {
    const id = asText(payload.id);
    const sessionKey = asText(payload.sessionKey);
    const asked = asObjects(payload.questions);
    if (id === undefined || sessionKey === undefined || asked.length === 0) return null;
    const expiresAtMs = asNumber(payload.expiresAtMs);
    const times = expiresAtMs === undefined ? {} : { expiresAt: new Date(expiresAtMs).toISOString() };
    const request = { id: `${PREFIX}${id}`, title: cut(redact(titleOf(asked))), ...times };
    if (asked.some(isSecret)) return { sessionKey, request: { ...request, options: [SKIP] } };
    const fields = asked.map((question) => fieldOf(question, asked.length === 1, redact));
    return { sessionKey, request: { ...request, options: [ANSWER, SKIP], fields } };
  },

  async answer(connection, { requestId, optionId, values = {} }, signal) {
    const id = requestId.slice(PREFIX.length);
    const params = optionId === SKIP.optionId ? { id, cancel: true } : { id, answers: answersOf(values) };
    try {
      await connection.request("question.resolve", params, { signal });
    } catch (error) {
      if (!(error instanceof RequestRefusedError) || error.retryable) throw error;
      if (await isAnsweredSo(connection, params, signal)) return;
      throw new AnswerRefusedError(`The gateway did not take this answer: ${error.message}.`);
    }
  },
};

function titleOf(asked: readonly JsonObject[]): string {
  const words = asked.map(({ question, header }) => asText(question) ?? asText(header) ?? "A question");
  // What is answered here is kept for good, and shown to whoever may read the task.
  const note = asked.some(isSecret)
    ? ["(A secret: give it on the gateway, which keeps it unseen. Here it can only be skipped.)"]
    : [];
  return [...words, ...note].join(" ");
}

function fieldOf(question: JsonObject, isOnlyOne: boolean, redact: (text: string) => string): FormField {
  const offered = asObjects(question.options);
  const options = offered.flatMap(({ label }) => {
    const text = asText(label);
    return text === undefined ? [] : [redact(text).slice(0, MAX_OPTION_CHARACTERS)];
  });
  const described = offered.flatMap(({ label, description }) => {
    return asText(description) === undefined ? [] : [`${String(label)}: ${String(description)}`];
  });
  const { header, question: words, url } = question;
  // The only question is the title.
  const asked = (isOnlyOne ? asText(header) : asText(words)) ?? asText(words) ?? "A question";
  const label = redact([asked, ...(asText(url) ? [String(url)] : []), ...described].join("\n"));
  const field = { name: asText(question.questionId) ?? "", label: cut(label), required: true };
  if (options.length === 0) return { ...field, type: "text" };
  const isOpen = question.isOther === true ? { other: true } : {};
  return { ...field, type: question.multiSelect === true ? "multi" : "choice", options, ...isOpen };
}

function isSecret({ isSecret, secretStore }: JsonObject): boolean {
  return isSecret === true || secretStore !== undefined;
}

function cut(text: string): string {
  return text.slice(0, MAX_TITLE_CHARACTERS);
}

/** The form's values as a gateway takes them: a list for each question. */
function answersOf(values: FormValues): { answers: Record<string, string[]> } {
  const answers = Object.entries(values).map(([name, value]): [string, string[]] => {
    return [name, Array.isArray(value) ? value : [String(value)]];
  });
  return { answers: Object.fromEntries(answers) };
}

/** Whether the gateway has this very answer already, from before a crash. It keeps answered questions for 15 seconds. */
async function isAnsweredSo(
  connection: GatewayConnection,
  { id, answers }: { id: string; answers?: JsonObject },
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const answer = await connection.request("question.get", { id }, { signal });
    const question = asObject(answer.question);
    if (answers === undefined) return question.status === "cancelled";
    return question.status === "answered" && isDeepStrictEqual(question.answers, answers);
  } catch (error) {
    if (error instanceof RequestRefusedError && !error.retryable) return false;
    throw error;
  }
}
