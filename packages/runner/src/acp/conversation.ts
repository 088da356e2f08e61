import type { ContentBlock } from "@agentclientprotocol/sdk";
import type { OperatorMessage, OperatorMessages } from "../operator-messages.ts";
import type { AcpAgent } from "./acp-agent.ts";
import { promptOf } from "./prompt-blocks.ts";

/** What a conversation needs of an agent. */
export type Listener = Pick<AcpAgent, "name" | "takes" | "steers" | "steer" | "cancel">;

/** A message, as the agent is to be prompted with it. */
interface Said {
  message: OperatorMessage;
  blocks: ContentBlock[];
}

const OVER = "The agent had ended its work on this task before it could take the message.";

/**
 * What the operator says while an agent works in a session: into the turn under way where the agent takes that, else as
 * the next prompt of the same session. A message that interrupts ends the turn, and comes before all that wait.
 */
export class Conversation {
  readonly #agent: Listener;
  readonly #sessionId: string;
  readonly #messages: OperatorMessages;
  #next: Said[] = [];
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
  async next(): Promise<ContentBlock[] | undefined> {
    for (let steering: unknown; steering !== this.#steering; ) {
      steering = this.#steering;
      await this.#steering;
    }
    const said = this.#next.shift();
    if (!said) {
      this.#messages.close(OVER);
      return undefined;
    }
    this.#interrupt = new AbortController();
    said.message.takenUp();
    return said.blocks;
  }

  /** Refuses what was not taken up. */
  close(reason = OVER): void {
    this.#messages.close(reason);
    for (const { message } of this.#next.splice(0)) message.refuse(reason);
  }

  #hear(message: OperatorMessage): void {
    const prompt = promptOf(message.text, message.files, this.#agent);
    if ("refusal" in prompt) {
      message.refuse(prompt.refusal);
      return;
    }
    const said = { message, blocks: prompt.blocks };
    if (message.mode === "interrupt") {
      this.#next.unshift(said);
      this.#interrupt.abort(new Error("The operator interrupted the turn."));
      void this.#agent.cancel(this.#sessionId);
    } else if (message.mode === "steer" && this.#agent.steers) {
      this.#steering = this.#steering.then(() => this.#steer(said));
    } else {
      this.#next.push(said);
    }
  }

  /** One that comes too late for the turn, or that the agent does not take into it, is the next prompt. */
  async #steer(said: Said): Promise<void> {
    const isTaken = await this.#agent.steer(this.#sessionId, said.blocks);
    if (isTaken) said.message.takenUp();
    else this.#next.push(said);
  }
}
