import type {
  AnswerPermission,
  AttachedFile,
  CreateTask,
  JsonObject,
  MessageMode,
  NewEvent,
  PatchTask,
  PermissionPolicy,
  PermissionRequest,
  Silence,
  Usage,
} from "@mission-control/protocol";
import type { AgentReport, ArtifactRecord } from "./artifact.ts";
import type { Attempt, Message, RunOutcome, Task } from "./task.ts";

/** What goes with an operator's word that was given elsewhere than at this server, such as in a chat. */
export interface GivenElsewhere {
  /** Who gave it; its events say so. */
  by?: string | undefined;
  /** The attempt that it was given about: it is refused when the task has gone on to another. */
  meantFor?: string | undefined;
}

/** What an operator does to a task. */
export type OperatorChange =
  | { kind: "create"; taskId: string; fields: CreateTask }
  | { kind: "edit"; taskId: string; fields: PatchTask }
  | { kind: "delete"; taskId: string }
  | { kind: "dispatch"; taskId: string; agentId: string; newDispatchId: string }
  | { kind: "cancel"; taskId: string }
  /** Ends an attempt that nobody can say anything of: what became of it stays unknown. */
  | { kind: "force_end"; taskId: string }
  | ({ kind: "approve"; taskId: string } & GivenElsewhere)
  | ({ kind: "reject"; taskId: string; feedback: string; newDispatchId: string } & GivenElsewhere)
  | ({ kind: "answer_permission"; taskId: string; requestId: string } & AnswerPermission & GivenElsewhere)
  | {
      kind: "send_message";
      taskId: string;
      messageId: string;
      text: string;
      mode: MessageMode;
      attachments?: readonly SentAlong[] | undefined;
      by: string;
      /** Of the attempt that it begins where the last one is over; absent where the agent keeps no conversation. */
      newDispatchId?: string | undefined;
    };

/** A file that goes with a message; a new one becomes an artifact of the task by it. */
export interface SentAlong {
  file: AttachedFile;
  isNew: boolean;
}

/** What the dispatcher learns while it hands an attempt over. */
export type DeliveryChange =
  | { kind: "sending"; taskId: string; dispatchId: string }
  | { kind: "note"; taskId: string; dispatchId: string; note: JsonObject }
  | { kind: "accepted"; taskId: string; dispatchId: string }
  | {
      kind: "undelivered";
      taskId: string;
      dispatchId: string;
      state: "rejected" | "failed" | "lost";
      reason: string;
    }
  /** It went out whole, and nothing certain came back. */
  | { kind: "unknown"; taskId: string; dispatchId: string; reason: string }
  /** The hand-over was stopped before anything went out. */
  | { kind: "unsent"; taskId: string; dispatchId: string }
  /** The agent answered a cancel, or cannot be sent it; without a `reason`, it confirmed that it stopped. */
  | { kind: "cancel_answered"; taskId: string; dispatchId: string; reason?: string | undefined }
  /**
   * Its agent is missed or, where `silence` is null, no more. True only if nothing was said since `lastWordAt`, which is
   * undefined where nothing was said at all.
   */
  | {
      kind: "silence";
      taskId: string;
      dispatchId: string;
      silence: Silence | null;
      lastWordAt: string | undefined;
    }
  /** The agent has the operator's answer to a permission request or, with a `reason`, did not get it. */
  | {
      kind: "answer_delivered";
      taskId: string;
      dispatchId: string;
      requestId: string;
      reason?: string | undefined;
    }
  /** The time of some of its permission requests may be over. */
  | { kind: "requests_expired"; taskId: string; dispatchId: string }
  /** The agent's side answered a message, reported on it later, or cannot be reached with it. */
  | {
      kind: "message_moved";
      taskId: string;
      dispatchId: string;
      messageId: string;
      state: MessageAnswer;
      reason?: string | undefined;
    };

/** What can come of a message that was sent. */
export type MessageAnswer = Exclude<Message["state"], "sending">;

/** What is said about a running attempt: by its agent (callbacks) or by the gateway that runs it. */
export type ReportChange =
  | { kind: "callback"; taskId: string; dispatchId?: string | undefined; callback: AgentReport; at: string }
  | {
      kind: "run_activity";
      taskId: string;
      dispatchId: string;
      message: string | undefined;
      data: JsonObject;
      at: string;
    }
  | {
      kind: "run_ended";
      taskId: string;
      dispatchId: string;
      run: RunOutcome;
      /** What the run used, beside what the attempt's earlier runs did. */
      usage?: Usage | undefined;
    }
  /** The gateway asks for the agent, and that question is settled. */
  | { kind: "run_question"; taskId: string; dispatchId: string; request: PermissionRequest; at: string }
  | { kind: "run_question_settled"; taskId: string; dispatchId: string; requestId: string; at: string }
  | { kind: "run_continued"; taskId: string; dispatchId: string }
  | { kind: "run_settled"; taskId: string; dispatchId: string };

export type TaskChange = OperatorChange | DeliveryChange | ReportChange;

/** What the rules look at: the task, and the attempt the change names or else the task's current one. */
export interface TaskState {
  task: Task | null;
  attempt: Attempt | null;
  /** The message that the change names, if it names one that is there. */
  message?: Message | null;
  /** The message that the attempt began with, until its agent is known to work with that. */
  opening?: Message | null;
  /** Which of its agent's requests are answered without the operator; looked up where one may be asked. */
  policy?: PermissionPolicy | undefined;
}

/** A command that an agent has yet to get. Kept until it was delivered. */
export type AgentCommand =
  | { kind: "cancel" }
  | ({ kind: "permission"; requestId: string } & AnswerPermission)
  | { kind: "message"; messageId: string };

export type RefusalCode = "not_found" | "conflict" | "invalid" | "limited";

/** Why a change is not made. */
export interface Refusal {
  code: RefusalCode;
  detail: string;
  /** Which fields of the request are to blame, where some are. */
  errors?: { path: string; message: string }[];
  /** What it is over, where it is `limited`. */
  limit?: "open_permissions" | "late_callbacks" | "artifacts";
}

/**
 * What a change comes to. Absent fields stay as they are. A refusal may still carry events (a late callback is
 * recorded, and counted), but nothing else that is new of the task or attempt.
 */
export interface Decision {
  refusal?: Refusal;
  task?: Task | undefined;
  /** Whether folding the events into the task before gives the task: nothing of it is known from elsewhere. */
  followsFromEvents?: boolean;
  attempt?: Attempt | undefined;
  message?: Message;
  opening?: Message;
  deleted?: true;
  command?: AgentCommand;
  /** What the attempt leaves behind by it, or is sent with a message. */
  artifacts?: readonly ArtifactRecord[];
  events: NewEvent[];
  /** Which of `events` is the answer to a callback. */
  answerEvent?: number;
}

/**
 * What a rule says of a change: the events, from which the task follows (`foldEvent` of the protocol), and what they
 * do not say.
 */
export interface Ruling extends Omit<Decision, "task" | "followsFromEvents"> {
  task?: never;
  created?: Task;
  /** Fields that the task gets beside what the events make of it. */
  beside?: Partial<Task> | undefined;
}

interface Refused {
  refusal: Refusal;
  events: [];
}

/** A refusal that records nothing. */
export function refuse(code: RefusalCode, detail: string): Refused {
  return { refusal: { code, detail }, events: [] };
}

/** A refusal of what is one too many; it records nothing. */
export function limited(limit: NonNullable<Refusal["limit"]>, detail: string): Refused {
  return { refusal: { code: "limited", limit, detail }, events: [] };
}

/** A change that has nothing to do any more, such as a hand-over confirmed after the agent's first callback. */
export const NOTHING: { events: [] } = { events: [] };
