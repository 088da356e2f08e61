import type { AgentMessage } from "./wire.ts";

/** How far a message has come with its agent: it has it (`delivered`, or nothing said), or works with it already. */
export type MessageReply = "delivered" | "taken_up" | undefined;

/**
 * Takes a message of the operator. What it throws refuses the message, with the error's message as the reason the
 * operator reads.
 */
export type MessageHandler = (
  message: AgentMessage,
) => MessageReply | Promise<MessageReply> | Promise<void> | void;

/** What becomes of a message in the end. */
export type MessageEnd = { state: "taken_up" } | { state: "refused"; reason: string };

/** What is answered to the operator's side. */
export type MessageAnswer = { state: "delivered" } | MessageEnd;

/** How long the operator's side waits for a handler, in milliseconds; what it says later goes out as a callback. */
const ANSWER_WITHIN_MS = 5000;

/**
 * The messages of one dispatch: each is given to the handler once, however often it is sent.
 */
export class Messages {
  readonly #report: (messageId: string, end: MessageEnd) => void;
  readonly #answers = new Map<string, Promise<MessageAnswer>>();

  /** @param report says later what became of a message that was answered as delivered */
  constructor(report: (messageId: string, end: MessageEnd) => void) {
    this.#report = report;
  }

  /** Resolves with what to answer now; a repeat gets what the first one got. */
  take(message: AgentMessage, handler: MessageHandler): Promise<MessageAnswer> {
    const known = this.#answers.get(message.id);
    if (known) return known;
    const answer = this.#answer(message, handler);
    this.#answers.set(message.id, answer);
    return answer;
  }

  async #answer(message: AgentMessage, handler: MessageHandler): Promise<MessageAnswer> {
    const handled = handle(message, handler);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, ANSWER_WITHIN_MS, null);
    });
    const answer = await Promise.race([handled, late]);
    clearTimeout(timer);
    if (answer) return answer;
    void handled.then((later) => {
      if (later.state !== "delivered") this.#report(message.id, later);
    });
    return { state: "delivered" };
  }
}

async function handle(message: AgentMessage, handler: MessageHandler): Promise<MessageAnswer> {
  try {
    const reply = await handler(message);
    return { state: reply === "taken_up" ? "taken_up" : "delivered" };
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)) || "The agent gave no reason.";
    return { state: "refused", reason };
  }
}
