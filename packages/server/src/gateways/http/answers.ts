import type { JsonObject } from "@mission-control/protocol";
import type { DispatchOutcome, MessageOutcome } from "../gateway.ts";
import type { Answer } from "./signed-request.ts";

const MAX_REASON_CHARACTERS = 500;

export function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** What an agent's answer makes of the dispatch it was sent: its status decides, and `accepted: false` in a 2xx. */
export function outcomeOf(answer: Answer): DispatchOutcome {
  const { status } = answer;
  if (isSuccess(answer)) {
    const { accepted, reason } = jsonOf(answer);
    if (accepted !== false) return { kind: "accepted" };
    return {
      kind: "rejected",
      reason: typeof reason === "string" ? cut(reason) : "The agent gave no reason.",
    };
  }
  if (status >= 300 && status < 400) {
    return {
      kind: "rejected",
      reason: `The agent answered with a redirect (HTTP ${status}), which is not followed: set its URL to where it leads.`,
    };
  }
  if (status < 200) {
    const reason = `The agent answered HTTP ${status}, which says neither yes nor no: a dispatch is answered with 2xx or 4xx.`;
    return { kind: "rejected", reason };
  }
  return { kind: "rejected", reason: `The agent answered HTTP ${status}${inWords(answer)}.` };
}

const FILES_NOT_CONFIRMED =
  "The agent has the text, and did not say that it took the files: it may know of none.";
/** What a cancel is answered that confirms it, beside any 2xx: the dispatch is gone for good. */
export const GONE = 410;

/** Why an agent's answer says no to what it was sent; undefined where it does not. */
export function refusalIn(
  answer: Answer,
  what: "dispatch" | "cancel" | "answer" | "message",
): string | undefined {
  if (what === "cancel") {
    return isSuccess(answer) || answer.status === GONE
      ? undefined
      : `HTTP ${answer.status}${inWords(answer)}`;
  }
  if (what === "answer") return isSuccess(answer) ? undefined : `HTTP ${answer.status}${inWords(answer)}`;
  const outcome = what === "dispatch" ? outcomeOf(answer) : messageOutcomeOf(answer);
  return "reason" in outcome && ("kind" in outcome || outcome.state === "refused")
    ? outcome.reason
    : undefined;
}

/** An agent's server that knows no messages at all gives these. */
const NO_MESSAGES_THERE = [404, 405, 501];

/**
 * What an agent's answer makes of a message: a 2xx has it, and says with `state` how far it is; all else refuses it.
 * @param files how many went with it: an agent that knows of none passes them over, and one that took them says so
 */
export function messageOutcomeOf(answer: Answer, files = 0): MessageOutcome {
  if (isSuccess(answer)) {
    const { state, accepted, reason, attachments } = jsonOf(answer);
    const words = typeof reason === "string" ? cut(reason) : undefined;
    if (state === "refused" || accepted === false) {
      return { state: "refused", reason: words ?? "The agent refused it and gave no reason." };
    }
    const how = attachments === files || files === 0 ? words : FILES_NOT_CONFIRMED;
    return { state: state === "taken_up" ? "taken_up" : "delivered", reason: how };
  }
  const what = NO_MESSAGES_THERE.includes(answer.status)
    ? "The agent takes no messages on this dispatch"
    : "The agent refused the message";
  return { state: "refused", reason: `${what} (HTTP ${answer.status}${inWords(answer)}).` };
}

/** The reason an agent put into its answer, by the names servers commonly give it; with a colon before, and no full stop. */
export function inWords(answer: Answer): string {
  const json = jsonOf(answer);
  const reason = [json.reason, json.detail, json.error, json.message].find(
    (value) => typeof value === "string",
  );
  return reason ? `: ${cut(String(reason).replace(/\.$/, ""))}` : "";
}

function jsonOf({ body }: Answer): JsonObject {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as JsonObject) : {};
  } catch {
    return {};
  }
}

function cut(text: string): string {
  return text.length <= MAX_REASON_CHARACTERS ? text : `${text.slice(0, MAX_REASON_CHARACTERS - 1)}…`;
}
