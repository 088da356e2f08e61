import type { DispatchPayload, JsonObject, Usage } from "@mission-control/protocol";
import { abortable } from "../../abortable.ts";
import type { Logger } from "../../logger.ts";
import { addUsage } from "../../tasks/usage.ts";
import type {
  AgentMessage,
  DispatchOutcome,
  EarlierSend,
  MessageOutcome,
  PermissionAnswer,
  RunEvent,
  SendContext,
} from "../gateway.ts";
import type { AskingKind } from "./asking.ts";
import { asEntry } from "./event-entries.ts";
import { asObject, asText } from "./frames.ts";
import type { GatewayConnection } from "./gateway-connection.ts";
import type { GatewayLink } from "./gateway-link.ts";
import { MessageTurns } from "./message-turns.ts";
import { redactor } from "./redaction.ts";
import { RunActivity } from "./run-activity.ts";
import { isRunOf, sessionKeyOf } from "./run-key.ts";
import type { RunTimes } from "./run-times.ts";
import { answerTurn, type Turn, taskTurn, turnOfNote } from "./turn.ts";
import { TurnSender } from "./turn-sender.ts";
import { type TurnEnd, TurnWatch } from "./turn-watch.ts";

export interface RunOptions {
  link: GatewayLink;
  payload: DispatchPayload;
  /** The agent's id on the gateway. */
  agentId: string;
  context: SendContext;
  times: RunTimes;
  logger: Logger;
  emit(event: RunEvent): void;
  /** The run needs no more watching. */
  onEnd(): void;
}

/**
 * One dispatch on a gateway: handed over, and followed to the end of its last turn. The first turn is the task; each
 * answer to a permission request, and each message, is a turn of its own after it.
 */
export class OpenClawRun {
  readonly dispatchId: string;
  readonly sessionKey: string;
  readonly #options: RunOptions;
  /** Handed over or about to be, oldest first; the first one is followed. */
  readonly #turns: TurnSender[] = [];
  readonly #redact: (text: string) => string;
  readonly #activity: RunActivity;
  readonly #closed = new AbortController();
  readonly #asked = new Set<string>();
  #watch: TurnWatch | null = null;
  #following = false;
  #cancelled = false;
  /** The last answer or message on its way to the gateway. */
  #saying: Promise<unknown> | null = null;
  readonly #messages: MessageTurns;
  /** Since the last end that was announced. */
  #used: Usage | undefined;

  constructor(options: RunOptions) {
    const { payload, agentId } = options;
    this.#options = options;
    this.dispatchId = payload.dispatchId;
    this.sessionKey = sessionKeyOf(agentId, payload.task.id);
    this.#redact = redactor(payload.callback.secret);
    this.#activity = new RunActivity(this.#redact, () => performance.now());
    this.#messages = new MessageTurns({
      ...options,
      sessionKey: this.sessionKey,
      turns: this.#turns,
      sender: (turn) => this.#sender(turn),
      closed: this.#closed.signal,
      onAccepted: () => this.#goOn(),
      onOver: () => {
        if (!this.#following && this.#turns.length === 0) this.#stop();
      },
    });
  }

  /** Hands the dispatch over for the first time. */
  dispatch(): Promise<DispatchOutcome> {
    return this.#deliver(this.#sender(taskTurn(this.#options.payload)), false);
  }

  /** Takes the dispatch up after an earlier process had begun to hand it over. */
  async resume({ accepted, note }: EarlierSend): Promise<DispatchOutcome> {
    const { payload, context } = this.#options;
    const turn = this.#sender(turnOfNote(payload, note, context.filesOf));
    const runId = asText(note?.runId);
    turn.runId = runId ?? turn.runId;
    turn.bootId = asText(note?.bootId);
    // Without a note nothing was sent yet. What was accepted went under the first id: of a later one, sent since
    // by itself, nobody knows whether it was.
    const confirmed = accepted && turn.runId === this.dispatchId;
    if (!confirmed) return this.#deliver(turn, runId !== undefined);
    this.#turns.push(turn);
    this.#followSoon();
    return { kind: "accepted" };
  }

  /**
   * Says the operator's answer to the agent, as its next turn. Resolves when the gateway has it, or will not.
   * @throws when the gateway could not be reached now
   */
  async answer(answer: PermissionAnswer): Promise<void> {
    const turn = answerTurn(this.#options.payload, answer);
    if (this.#turns.some((known) => known.isOf(turn))) return;
    await this.#inLine(() => this.#handOver(this.#sender(turn)));
  }

  /**
   * Says a message of the operator to the agent, as its next turn; one that interrupts stops what is under way before it.
   * @throws when the gateway could not be reached now
   */
  say(message: AgentMessage): Promise<MessageOutcome> {
    return this.#inLine(() => this.#messages.say(message));
  }

  /** Tells the gateway to stop the run; also one that it takes up later. */
  async cancel(signal: AbortSignal): Promise<void> {
    this.#cancelled = true;
    const { link, times } = this.#options;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(times.handOverMs)]);
    const connection = await link.connected(limit, { urgent: true });
    for (const turn of [...this.#turns]) {
      await abortable(
        turn.answer.catch(() => {}),
        limit,
      );
      await turn.abort(connection, signal);
    }
  }

  /** Takes an `agent` event of this run's session. */
  onAgentEvent(payload: JsonObject): void {
    if (!this.#following) return;
    const runId = asText(payload.runId) ?? "";
    const turn = this.#turns.find((one) => one.runId === runId);
    if (!turn && !isRunOf(this.dispatchId, runId) && !this.#watch?.takingUp) return;
    if (turn && payload.stream === "lifecycle" && asObject(payload.data).phase === "start")
      this.#messages.begun(turn);
    for (const { message, data } of this.#activity.take(payload)) this.#announce(message, data);
  }

  /** Takes what the gateway asks for a session. */
  onAsked(kind: AskingKind, payload: JsonObject): void {
    const asked = kind.read(payload, this.#redact);
    if (asked?.sessionKey.toLowerCase() !== this.sessionKey) return;
    this.#asked.add(asked.request.id);
    this.#options.emit({
      kind: "question_asked",
      dispatchId: this.dispatchId,
      request: asked.request,
      at: new Date(),
    });
  }

  /** What this run's gateway asked, as far as is known here, and has not settled yet. */
  get asked(): ReadonlySet<string> {
    return this.#asked;
  }

  /** A question of the gateway is settled; perhaps one of this run's. */
  onSettled(requestId: string): void {
    this.#asked.delete(requestId);
    this.#options.emit({ kind: "question_settled", dispatchId: this.dispatchId, requestId, at: new Date() });
  }

  /** Events were dropped: the run may have ended unseen. */
  onGap(connection: GatewayConnection): void {
    this.#watch?.onGap(connection);
  }

  /** Stops watching. The run itself goes on. */
  close(): void {
    this.#closed.abort(new Error("The run is not watched any more."));
  }

  #sender(turn: Turn): TurnSender {
    return new TurnSender({ ...this.#options, turn, redact: this.#redact, closed: this.#closed.signal });
  }

  async #deliver(turn: TurnSender, unanswered: boolean): Promise<DispatchOutcome> {
    this.#turns.push(turn);
    try {
      const outcome = await turn.send(unanswered);
      if (outcome.kind === "accepted") this.#followSoon();
      else this.#stop();
      return outcome;
    } catch (error) {
      // Cancelled meanwhile: what was sent already has to be seen through, so that it can be stopped.
      if (turn.bootId !== undefined) this.#followSoon();
      else this.#stop();
      throw error;
    }
  }

  async #handOver(turn: TurnSender): Promise<void> {
    const outcome = await turn.send(false);
    switch (outcome.kind) {
      case "accepted":
        this.#turns.push(turn);
        this.#goOn();
        this.#announce("The answer goes to the agent as its next turn", { phase: "answered" });
        return;
      case "unreachable":
      case "unsent":
        if (!this.#following) this.#stop();
        throw new Error(outcome.reason);
      case "rejected":
        return this.#finish({ kind: "ended", outcome: { outcome: "failed", text: outcome.reason } });
      case "unknown":
      case "lost":
        return this.#finish({ kind: "lost", reason: outcome.reason });
    }
  }

  /** One after the other: turns are to begin in the order in which they were said. */
  async #inLine<Result>(say: () => Promise<Result>): Promise<Result> {
    const earlier = this.#saying ?? Promise.resolve();
    const said = earlier.catch(() => {}).then(say);
    this.#saying = said;
    try {
      return await said;
    } finally {
      if (this.#saying === said) this.#saying = null;
    }
  }

  /** A further turn has been handed over, perhaps after the end of the last one was announced. */
  #goOn(): void {
    this.#options.emit({ kind: "continued", dispatchId: this.dispatchId, at: new Date() });
    this.#followSoon();
  }

  #followSoon(): void {
    // After the caller has seen the outcome: nothing of the run may be announced before.
    setImmediate(() => void this.#follow());
  }

  async #follow(): Promise<void> {
    if (this.#following) return;
    this.#following = true;
    for (let turn = this.#turns[0]; turn; turn = this.#turns[0]) {
      this.#watch = new TurnWatch({
        ...this.#options,
        turn,
        dispatchId: this.dispatchId,
        isCancelled: () => this.#cancelled || this.#options.context.signal.aborted,
        announce: (message, data) => this.#announce(message, data),
        useToolEvents: (present) => this.#activity.useToolEvents(present),
        closed: this.#closed.signal,
      });
      const end = await this.#watch.follow();
      if (end.kind === "ended" && end.outcome.outcome !== "cancelled") this.#messages.begun(turn);
      // What is said and on its way makes another turn.
      await this.#saying?.catch(() => {});
      if (this.#closed.signal.aborted) return;
      this.#turns.shift();
      if (this.#turns.length === 0) return this.#finish(end);
      this.#pass(end);
    }
  }

  /** A turn has ended, and another one of the same dispatch follows. */
  #pass(end: TurnEnd): void {
    if (end.kind === "lost") {
      this.#announce(end.reason, { phase: "turn_lost" });
      return;
    }
    this.#used = addUsage(this.#used, end.usage);
    const said = this.#redact(end.outcome.text);
    const entry = asEntry({ kind: "message", role: "assistant", text: said }) as JsonObject;
    if (said) this.#announce(said, { phase: "turn_ended", entry });
  }

  #finish(end: TurnEnd): void {
    if (this.#closed.signal.aborted) return;
    this.#stop();
    const { dispatchId } = this;
    const at = new Date();
    if (end.kind === "lost") {
      this.#options.emit({ kind: "lost", dispatchId, reason: end.reason, at });
      return;
    }
    const { outcome, text } = end.outcome;
    const usage = addUsage(this.#used, end.usage);
    const ended = { kind: "ended", dispatchId, outcome, text: this.#redact(text), at } as const;
    this.#options.emit(usage ? { ...ended, usage } : ended);
  }

  #announce(message: string | undefined, data: JsonObject): void {
    this.#options.emit({
      kind: "activity",
      dispatchId: this.dispatchId,
      message,
      data: { source: "gateway", ...data },
      at: new Date(),
    });
  }

  #stop(): void {
    this.#following = false;
    this.close();
    this.#options.onEnd();
  }
}
