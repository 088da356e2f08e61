import type { ExchangeResult, ExchangeView } from "@mission-control/protocol";
import { text as common } from "../../text/text.ts";
import { webhooksText } from "../../text/webhooks-text.ts";
import type { Tone } from "../../ui/state.tsx";

const words = webhooksText.exchanges;

export const RESULT_TONE: Record<ExchangeResult, Tone> = {
  ok: "good",
  refused: "bad",
  failed: "bad",
  unknown: "attention",
  waiting: "waiting",
};

/** What was sent, in words. */
export function whatOf({ direction, what, notKept }: ExchangeView): string {
  if (notKept !== undefined) return words.notKept(notKept);
  const known: Readonly<Record<string, string>> =
    direction === "webhook"
      ? { ...common.eventType, test: webhooksText.testMessage, digest: webhooksText.digestMessage }
      : words.what[direction];
  // An agent may call a callback whatever it likes.
  return Object.hasOwn(known, what) ? (known[what] ?? what) : what;
}
