import type { DispatchPayload } from "@mission-control/protocol";
import type { AgentMessage, MessageOutcome, RunEvent, SendContext } from "../gateway.ts";
import type { GatewayConnection } from "./gateway-connection.ts";
import type { GatewayLink } from "./gateway-link.ts";
import { runIdsOf } from "./run-key.ts";
import type { RunTimes } from "./run-times.ts";
import { messageOf, messageTurn, type Turn } from "./turn.ts";
import { refusalOfFiles, refusedWith } from "./turn-files.ts";
import { abortRun, type TurnSender } from "./turn-sender.ts";

export interface MessageTurnsOptions {
  link: GatewayLink;
  payload: DispatchPayload;
  context: SendContext;
  times: RunTimes;
  sessionKey: string;
  /** The dispatch's turns that are not over, in order; one with a message is added to them. */
  turns: TurnSender[];
  sender: (turn: Turn) => TurnSender;
  emit(event: RunEvent): void;
  /** A turn was added. */
  onAccepted(): void;
  /** It is known what came of a message; there may be nothing to follow. */
  onOver(): void;
  /** Aborted when nobody is interested any more. */
  closed: AbortSignal;
}

/**
 * What is said of a message that should have been steered. Found by experiment with openclaw 2026.9.6: neither
 * `chat.send` with `queueMode: "steer"` nor `/steer` reaches a run that was begun by `agent`; both make a run of their
 * own after it, under an id that nobody knows beforehand and without the way to report.
 */
const NOT_STEERED = "Its gateway takes nothing into a turn under way: the agent gets it as its next turn.";

/** The messages of one dispatch: each is a turn of its own, which says when the agent takes it up. */
export class MessageTurns {
  readonly #options: MessageTurnsOptions;
  /** Ids of the messages that the agent was seen to take up. */
  readonly #takenUp = new Set<string>();

  constructor(options: MessageTurnsOptions) {
    this.#options = options;
  }

  /**
   * Says a message after the turns there are or, to interrupt them, in their place.
   * @throws when the gateway could not be reached now
   */
  async say(message: AgentMessage): Promise<MessageOutcome> {
    const { payload, turns, onOver, context } = this.#options;
    const turn = messageTurn(payload, message, context.filesOf);
    const isNext = turns.length > 0;
    try {
      const refusal = refusalOfFiles(message.attachments ?? []);
      if (refusal) return { state: "refused", reason: refusal };
      const outcome = await this.#handOver(turn, message);
      // It waits behind what it interrupts before that is stopped, so that its end is not the end of the dispatch.
      if (message.mode === "interrupt" && outcome.state !== "refused") await this.#stopBefore(turn);
      return message.mode === "steer" && isNext && outcome.state === "delivered"
        ? { ...outcome, reason: NOT_STEERED }
        : outcome;
    } finally {
      onOver();
    }
  }

  /** The agent works on a turn: where that is a message, it has taken it up. */
  begun({ note }: TurnSender): void {
    const { payload, emit } = this.#options;
    const message = messageOf(note);
    if (!message || this.#takenUp.has(message.id)) return;
    this.#takenUp.add(message.id);
    const { dispatchId } = payload;
    emit({ kind: "message_taken_up", dispatchId, messageId: message.id, at: new Date() });
  }

  async #handOver(said: Turn, message: AgentMessage): Promise<MessageOutcome> {
    const { turns, sender, onAccepted } = this.#options;
    if (turns.some((known) => known.isOf(said))) return { state: "delivered" };
    const turn = sender(said);
    // An earlier process may have said it, and died before it was written that the gateway has it.
    if ((await turn.trace(await this.#connected())).kind === "ended") return { state: "taken_up" };
    const outcome = await turn.send(false);
    switch (outcome.kind) {
      case "accepted":
        turns.push(turn);
        onAccepted();
        return { state: "delivered" };
      case "unreachable":
      case "unsent":
        throw new Error(outcome.reason);
      default:
        // A restart takes up the turn that the note names: not this one.
        await turns.at(-1)?.keepNote();
        return { state: "refused", reason: refusedWith(outcome.reason, message.attachments) };
    }
  }

  /** Stops the turns that stand before one. What is not running any more is stopped in vain. */
  async #stopBefore(turn: Turn): Promise<void> {
    const { payload, sessionKey, turns, context } = this.#options;
    const connection = await this.#connected();
    const place = turns.findIndex((known) => known.isOf(turn));
    const before = turns.slice(0, Math.max(place, 0));
    // After a restart of the server, the turn before this one is known by its ids alone.
    const runIds = before.length > 0 ? before.map(({ runId }) => runId) : runIdsOf(payload.dispatchId);
    for (const runId of runIds) await abortRun(connection, { sessionKey, runId }, context.signal);
  }

  #connected(): Promise<GatewayConnection> {
    const { link, times, context, closed } = this.#options;
    const limit = AbortSignal.any([context.signal, closed, AbortSignal.timeout(times.handOverMs)]);
    return link.connected(limit, { urgent: true });
  }
}
