import type {
  AnswerPermission,
  DispatchPayload,
  Endpoint,
  JsonObject,
  MessageMode,
  PermissionRequest,
  SentFile,
  Usage,
} from "@mission-control/protocol";

/** The agent a dispatch goes to, as an adapter needs to know it. */
export interface AgentTarget {
  /** Mission Control's own id of the agent. */
  agentId: string;
  endpoint: Endpoint;
  /** An HTTP agent's signing secret; absent for agents behind a gateway. */
  secret?: string;
  /** The one before it, which signs too until a time (ISO 8601). */
  previousSecret?: { secret: string; until: string };
}

/** Names one attempt to an adapter after it was sent. */
export interface DispatchRef {
  dispatchId: string;
  taskId: string;
}

/** What became of handing a dispatch over. */
export type DispatchOutcome =
  /** The agent's side has it and will run it once. */
  | { kind: "accepted" }
  /** The agent's side said no; sending again would not help. */
  | { kind: "rejected"; reason: string }
  /** It could not be handed over, and it is certain or agreed by protocol that it will not run. */
  | { kind: "unreachable"; reason: string }
  /** It went out whole and nothing certain came back: it may run, now or later. Never sent again by itself. */
  | { kind: "unknown"; reason: string }
  /** The signal was aborted before anything of it went out. */
  | { kind: "unsent"; reason: string }
  /** It was handed over once, and nobody can say any more what became of it. */
  | { kind: "lost"; reason: string };

/** What an adapter learns about a run by itself, without the agent's callbacks. */
export type RunEvent =
  /** In words, as an entry of the transcript (`data.entry`), or as both. */
  | { kind: "activity"; dispatchId: string; message: string | undefined; data: JsonObject; at: Date }
  | {
      kind: "ended";
      dispatchId: string;
      outcome: "completed" | "failed" | "cancelled";
      /** The agent's last words, or the reason it failed. */
      text: string;
      /** What the run used, where its gateway reports it. */
      usage?: Usage;
      at: Date;
    }
  /** The agent works again, after its end was announced: what the operator answered is a further turn of the same run. */
  | { kind: "continued"; dispatchId: string; at: Date }
  /** The agent has begun to work with a message that it was sent. */
  | { kind: "message_taken_up"; dispatchId: string; messageId: string; at: Date }
  /** The gateway asks for the agent, before that does something. Reported again, it is the same question. */
  | { kind: "question_asked"; dispatchId: string; request: PermissionRequest; at: Date }
  /** Such a question is settled: by somebody else, or by the answer given here. */
  | { kind: "question_settled"; dispatchId: string; requestId: string; at: Date }
  | { kind: "lost"; dispatchId: string; reason: string; at: Date };

/** Whether an agent can be reached, as far as the adapter knows now. */
export interface Reachability {
  status: "online" | "offline" | "unknown";
  reason?: string;
  /** When the agent was last heard of, or last not reached; absent where the connection itself shows it. */
  at?: Date;
}

/** An agent answered a cancel, but not with a word that it has stopped. Asking again would be answered the same. */
export class CancelNotConfirmedError extends Error {
  readonly code = "cancel_not_confirmed";
  override name = "CancelNotConfirmedError";
}

/** An agent answered that it does not know the question that it was sent the answer to, or will not have it. */
export class AnswerRefusedError extends Error {
  readonly code = "answer_refused";
  override name = "AnswerRefusedError";
}

/** The operator's answer to a permission request. */
export interface PermissionAnswer extends AnswerPermission {
  requestId: string;
}

/** A message of the operator. */
export interface AgentMessage {
  id: string;
  text: string;
  mode: MessageMode;
  /** Files that go with it, whole. Where the agent cannot be given them all, the message is refused. */
  attachments?: SentFile[] | undefined;
}

/** What an agent's side answered to a message; `reason` says how it is taken, where that is otherwise than asked. */
export type MessageOutcome =
  | { state: "delivered" | "taken_up"; reason?: string | undefined }
  | { state: "refused"; reason: string };

/** What is known of an earlier hand-over of the same dispatch. */
export interface EarlierSend {
  /** Whether the agent's side had confirmed it. */
  accepted: boolean;
  /** The adapter's own note, as it was last given to {@link SendContext.remember}. */
  note: JsonObject | null;
}

/** What an adapter is given with each dispatch. */
export interface SendContext {
  /**
   * Keeps the adapter's note on this attempt. It is durable once the promise resolves, and comes back as
   * {@link EarlierSend.note} after a restart. May be called until the attempt is over, also after the adapter
   * has answered: a gateway that restarts may need an accepted dispatch sent under a new id.
   */
  remember(note: JsonObject): Promise<void>;
  /**
   * The files of a message on this attempt, whole, for an adapter that has to say it again by itself; null where they
   * are not kept any more.
   * @throws StoreUnavailableError
   */
  filesOf(messageId: string): Promise<readonly SentFile[] | null>;
  /** Aborted when the attempt is cancelled or the server stops. */
  signal: AbortSignal;
}

/**
 * One way to reach agents. An adapter turns a dispatch into its agents' own wire format and reports what it
 * sees; it knows no queue, no task rules and no store.
 */
export interface GatewayAdapter {
  /** Whether its agents go on in the conversation that an earlier attempt at the same task was; absent where not. */
  readonly keepsConversations?: true;

  /** Whether it records every request that it makes to an agent by itself; absent where not. */
  readonly recordsExchanges?: true;

  /** Hands a dispatch over for the first time. Retries inside are the adapter's own; it never runs twice. */
  dispatch(target: AgentTarget, payload: DispatchPayload, context: SendContext): Promise<DispatchOutcome>;

  /**
   * Takes up a dispatch that an earlier process, or a lost connection, had already tried to hand over. Must
   * not start a second run; resumes watching the first one where the transport allows it.
   */
  resume(
    target: AgentTarget,
    payload: DispatchPayload,
    earlier: EarlierSend,
    context: SendContext,
  ): Promise<DispatchOutcome>;

  /**
   * Tells the agent's side to stop. Resolves when the agent's side confirmed that it does not run, and will not.
   * @throws CancelNotConfirmedError when it answered something else for good; any other error: try again
   */
  cancel(target: AgentTarget, ref: DispatchRef, signal: AbortSignal): Promise<void>;

  /**
   * Hands the operator's answer to a permission request to the agent. May be called again after it rejected.
   * @param payload the dispatch as it was sent, for an agent that has to be called again with the answer
   * @throws AnswerRefusedError when the agent will not have it; any other error: try again
   */
  answerPermission(
    target: AgentTarget,
    payload: DispatchPayload,
    answer: PermissionAnswer,
    context: SendContext,
  ): Promise<void>;

  /**
   * Hands a message to the agent at work. May be called again after it rejected, and after a restart of the server with
   * a message that the agent has already: it must not get it twice.
   * @param payload the dispatch as it was sent, for an agent that has to be called again with the message
   * @throws when it could not be reached now: try again. Absent where agents take no messages.
   */
  sendMessage?(
    target: AgentTarget,
    payload: DispatchPayload,
    message: AgentMessage,
    context: SendContext,
  ): Promise<MessageOutcome>;

  /** What this node knows of whether an agent can be reached; null for nothing, such as before it was first called. */
  reachability(target: AgentTarget): Reachability | null;

  /**
   * Finds out whether an agent answers, for {@link reachability} to show. Never rejects but with the signal's reason.
   * Absent where the connection itself shows it.
   */
  probe?(target: AgentTarget, signal: AbortSignal): Promise<void>;

  /** Ends every connection and timer the adapter began. */
  close(): Promise<void>;
}

/** Where adapters report to. Called in the order things were seen; must not throw. */
export interface GatewayListener {
  onRunEvent(event: RunEvent): void;
  /** Something about the connection changed: state, error, reachability of its agents. */
  onStatusChange(gatewayId: string): void;
}
