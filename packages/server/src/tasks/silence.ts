import type { JsonObject, SilenceState } from "@mission-control/protocol";
import { type DeliveryChange, NOTHING, type Ruling } from "./change.ts";
import { dispatchEvent } from "./events.ts";
import { type Attempt, occupiesSlot, type Task } from "./task.ts";

/** The reason given where nothing more is known. */
const WORDS: Readonly<Record<SilenceState, string>> = {
  not_responding: "The agent has accepted it and is not responding yet",
  silent: "The agent has said nothing for a long time",
  offline: "The agent cannot be reached",
};
const HEARD = "The agent can be reached again";

/**
 * Tells that the agent of an attempt is missed, or that it can be reached again. Whoever asks for it looks from
 * outside: a word that came meanwhile, or an answer that the agent itself waits for, makes it untrue, and what is
 * announced already is not announced again.
 */
export function ruleSilence(
  task: Task,
  attempt: Attempt,
  { silence, lastWordAt }: Extract<DeliveryChange, { kind: "silence" }>,
  now: string,
): Ruling {
  if (!occupiesSlot(attempt) || attempt.state === "sending") return NOTHING;
  if (task.lastWordAt !== lastWordAt || (silence && task.waitingFor)) return NOTHING;
  if (task.silence?.state === silence?.state) return NOTHING;
  const words = silence ? (silence.reason ?? WORDS[silence.state]) : HEARD;
  return { events: [dispatchEvent(attempt, now, words, { silence: silence as JsonObject | null })] };
}
