import type {
  Clock,
  Dispatch,
  JsonObject,
  PermissionAnswer,
  PermissionRequest,
  Usage,
} from "@mission-control/agent";
import type { Narrator } from "./narrator.ts";
import type { OperatorMessages } from "./operator-messages.ts";

/** A run that did not come to a good end; the message says why. */
export class RunFailedError extends Error {
  override name = "RunFailedError";
  readonly code: string = "run_failed";
}

/** The program ended before its work was done. */
export class ProgramDiedError extends RunFailedError {
  override name = "ProgramDiedError";
  override readonly code = "program_died";
}

/** The agent cannot be run the way the operator wants; trying again does not help. */
export class AgentRefusedError extends RunFailedError {
  override name = "AgentRefusedError";
  override readonly code = "agent_refused";
}

/** A session of an agent, which it can be told to go on in. */
export interface Session {
  /** As the agent calls it. */
  id: string;
  /** What it had cost when its last attempt ended. */
  cost?: Usage["cost"];
}

/** One dispatch, as a program is given it. */
export interface Job {
  dispatch: Dispatch;
  /** Names this run in the environment of all its processes; random, and given once. */
  mark: string;
  /** The folder to work in. */
  folder: string;
  narrator: Narrator;
  clock: Clock;
  /** Aborted on cancel, time limit and shutdown: the program and all it began must then end. */
  signal: AbortSignal;
  /** Puts a question to the operator; resolves with the option chosen. It is withdrawn when the signal is aborted. */
  ask(request: PermissionRequest, signal?: AbortSignal): Promise<string>;
  /** The same for a form: resolves with what it was filled in with, and the option. */
  askForm(request: PermissionRequest, signal?: AbortSignal): Promise<PermissionAnswer>;
  /** What the operator says to the agent meanwhile. */
  messages: OperatorMessages;
  /** The session in which the agent worked on this task before, when it was told to go on. */
  session: Session | undefined;
  /** Keeps the session for feedback that may come. */
  keepSession(session: Session): void;
}

export interface JobResult {
  summary: string;
  data?: JsonObject;
}

/** One way to run an agent. */
export interface Program {
  /** What is run, for people. */
  readonly name: string;
  /**
   * Looks whether it can be run in a folder as it was set up, before there is a task.
   * @param folder as an absolute path
   * @throws whatever a task would fail with
   */
  check?(folder: string, clock: Clock, signal?: AbortSignal): Promise<void>;
  /** Works on a job. Throws when it does not come to a good end, or with the signal's reason. Leaves no process. */
  run(job: Job): Promise<JobResult>;
}
