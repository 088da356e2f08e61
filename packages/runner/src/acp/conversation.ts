import type { OperatorMessage, OperatorMessages } from "../operator-messages.ts";
import { plainText } from "../prompt.ts";
import type { AcpAgent } from "./acp-agent.ts";

/** What a conversation needs of an agent. */
export type Listener = Pick<AcpAgent, "name" | "steers" | "steer" | "cancel">;

const OVER = "The agent had ended its work on this task before it could take the message.";

/**
 * What the operator says while an agent works in a session: into the turn under way where the agent takes that, else as
 * the next prompt of the same session. A message that interrupts ends the turn, and comes before all that wait.
 */
export class Conversation {
  readonly #agent: Listener;
  readonly #sessionId: string;
  readonly #messages: OperatorMessages;
  #next: OperatorMessage[] = [];
  /** Steering under way, one after the other: they must not overtake each other. */
  #steering: Promise<void> = Promise.resolve();
  /** Ends what the turn waits for where the operator interrupts it. */
  #interrupt = new AbortController();

  constructor(agent: Listener, sessionId: string, messages: OperatorMessages) {
    this.#agent = agent;
    this.#sessionId = sessionId;
    this.#messages = messages;
    messages.hear((message) => this.#hear(message));
  }

  /** Aborted when the turn under way is interrupted. */
  get interrupted(): AbortSignal {
    return this.#interrupt.signal;
  }

  /**
   * What to prompt the agent with next, once a turn has ended; `undefined` where nothing was said: from then on nothing
   * is taken.
   */
  async next(): Promise<string | undefined> {
    for (let steering: unknown; steering !== this.#steering; ) {
      steering = this.#steering;
      await this.#steering;
    }
    const message = this.#next.shift();
    if (!message) {
      this.#messages.close(OVER);
      return undefined;
    }
    this.#interrupt = new AbortController();
    message.takenUp();
    return plainText(message.text);
  }

  /** Refuses what was not taken up. */
  close(reason = OVER): void {
    this.#messages.close(reason);
    for (const message of this.#next.splice(0)) message.refuse(reason);
  }

  #hear(message: OperatorMessage): void {
    if (message.mode === "interrupt") {
      this.#next.unshift(message);
      this.#interrupt.abort(new Error("The operator interrupted the turn."));
      void this.#agent.cancel(this.#sessionId);
    } else if (message.mode === "steer" && this.#agent.steers) {
      this.#steering = this.#steering.then(() => this.#steer(message));
    } else {
      this.#next.push(message);
    }
  }

  /** One that comes too late for the turn, or that the agent does not take into it, is the next prompt. */
  async #steer(message: OperatorMessage): Promise<void> {
    const isTaken = await this.#agent.steer(this.#sessionId, plainText(message.text));
    if (isTaken) message.takenUp();
    else this.#next.push(message);
  }
}
