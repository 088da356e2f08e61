export { type AgentServer, type AgentServerOptions, createAgentServer } from "./agent-server.ts";
export { type Artifact, mediaTypeOf } from "./artifact.ts";
export { Circuit } from "./circuit.ts";
export { type Clock, systemClock } from "./clock.ts";
export { shortened } from "./entry-text.ts";
export { CallbackError, type CallbackErrorCode, ConfigurationError } from "./errors.ts";
export { fencedFile, plainText, textOfFile } from "./file-text.ts";
export { makeFolder } from "./make-folder.ts";
export type { MessageEnd, MessageHandler, MessageReply } from "./messages.ts";
export type { ReportResult } from "./outbox.ts";
export { type CommandResult, type FlushCommand, flush, type ReportCommand, report } from "./report.ts";
export {
  createReporter,
  type ProgressOptions,
  type Reporter,
  type ReporterOptions,
  type ReportOptions,
} from "./reporter.ts";
export {
  type AskOptions,
  type DispatchHandler,
  RunCancelledError,
  type RunContext,
  type RunResult,
} from "./run.ts";
export type { TransportOptions } from "./sender.ts";
export type { IdentityOptions } from "./target.ts";
export { sleep, timeoutSignal } from "./timers.ts";
export type * from "./wire.ts";
