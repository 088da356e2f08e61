import type { AgentMessage, AttachedFile, MessageEnd, RunContext } from "@mission-control/agent";

/** What the operator says to a run under way (docs/contract.md, section 2). */
export interface OperatorMessage {
  text: string;
  /** Files that go with it; whoever cannot give them to its agent refuses the message. */
  files: readonly AttachedFile[];
  /** `steer`: into what it does now; `next`: when it is done with that; `interrupt`: instead of it. */
  mode: AgentMessage["mode"];
  /** To be called once the agent has it before it. */
  takenUp(): void;
  /** To be called where it cannot be taken; the reason is for the operator. */
  refuse(reason: string): void;
}

/**
 * The messages of one run, from its beginning to its end: they wait until there is somebody to hear them, and are refused
 * once nobody can hear them any more.
 */
export class OperatorMessages {
  #waiting: OperatorMessage[] = [];
  #hear: ((message: OperatorMessage) => void) | undefined;
  #over: string | undefined;

  deliver(message: OperatorMessage): void {
    if (this.#over !== undefined) message.refuse(this.#over);
    else if (this.#hear) this.#hear(message);
    else this.#waiting.push(message);
  }

  /** Hands over what waits, and from then on each as it comes. */
  hear(hear: (message: OperatorMessage) => void): void {
    this.#hear = hear;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) hear(message);
  }

  /** Refuses what nobody has heard, and whatever still comes; the first reason counts. */
  close(reason: string): void {
    this.#over ??= reason;
    this.#hear = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) message.refuse(this.#over);
  }
}

/** Has the messages to a dispatch heard, and says what becomes of each. */
export function takeMessages(
  { onMessage, reporter }: Pick<RunContext, "onMessage" | "reporter">,
  messages: OperatorMessages,
): void {
  onMessage(({ id, text, mode, attachments = [] }) => {
    /** What became of it before this returns is the answer; what comes later is a callback. */
    let answer: MessageEnd | undefined;
    let isAnswered = false;
    const end = (outcome: MessageEnd) => {
      if (isAnswered)
        void reporter.message(id, outcome).catch(() => {}); // `onFailure` is told.
      else answer = outcome;
    };
    messages.deliver({
      text,
      files: attachments,
      mode,
      takenUp: () => end({ state: "taken_up" }),
      refuse: (reason) => end({ state: "refused", reason }),
    });
    isAnswered = true;
    if (answer?.state === "refused") throw new Error(answer.reason);
    return answer?.state ?? "delivered";
  });
}
