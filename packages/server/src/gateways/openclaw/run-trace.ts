import type { JsonObject } from "@mission-control/protocol";
import { asNumber, asObject, asObjects, asText } from "./frames.ts";
import type { GatewayConnection } from "./gateway-connection.ts";
import { RequestRefusedError } from "./gateway-errors.ts";
import type { RunKey } from "./run-key.ts";
import type { RunOutcome } from "./run-outcome.ts";

/**
 * What a gateway has kept of a run, on disk, whatever became of the process that had it. Found by experiment
 * with openclaw 2026.9.6: a run is written down before it is confirmed, and so before the model sees it.
 */
export type RunTrace =
  /** It has never had the run: sending it cannot make it run twice. */
  | { kind: "none" }
  /** This gateway keeps no such records. */
  | { kind: "unknown" }
  /** It took the run, and died before it began. It will not begin it any more, under this id. */
  | { kind: "never_begun" }
  | { kind: "running" }
  /**
   * It died in the middle of the run, or interrupted it, and takes it up by itself soon after; or the run was stopped.
   */
  | { kind: "interrupted"; cause: InterruptionCause }
  /** The run was interrupted, and another one began in its conversation: to go on with it, unless it was stopped. */
  | { kind: "continued"; runId: string; cause: InterruptionCause }
  | ({ kind: "ended" } & RunOutcome);

/** What the gateway's ledger says of a run that did not come to its own end: a restart is not the end of the work. */
export type InterruptionCause = "stopped" | "restart" | "unknown";

/** The newest messages: what is asked about is the session's last run. */
const HISTORY_MESSAGES = 200;
const TASKS = 200;
/** In the ledger's error of a run that was interrupted to be gone on with under another id. */
const RESTARTING = /restart/i;

/**
 * Reads what the gateway has kept of a run.
 * @throws what {@link GatewayConnection.request} throws, when the gateway cannot answer now
 */
export async function readTrace(connection: GatewayConnection, key: RunKey): Promise<RunTrace> {
  try {
    return await read(connection, key);
  } catch (error) {
    if (error instanceof RequestRefusedError && !error.retryable) return { kind: "unknown" };
    throw error;
  }
}

async function read(connection: GatewayConnection, { sessionKey, runId }: RunKey): Promise<RunTrace> {
  const ledger = await connection.request("tasks.list", { sessionKey, limit: TASKS });
  const records = asObjects(ledger.tasks);
  const record = newestOf(records.filter((task) => task.runId === runId));
  const status = asText(record?.status);
  if (status === "running" || status === "queued") return { kind: "running" };
  if (status === "failed" || status === "timed_out") {
    return { kind: "ended", outcome: "failed", text: asText(record?.error) ?? "The run failed." };
  }

  const history = await connection.request("chat.history", { sessionKey, limit: HISTORY_MESSAGES });
  const messages = asObjects(history.messages);
  if (status === "completed") {
    return { kind: "ended", outcome: "completed", text: lastWords(messages, runId) };
  }
  const session = asObject(history.sessionInfo);
  const active = Array.isArray(session.activeRunIds) ? session.activeRunIds : [];
  if (active.includes(runId)) return { kind: "running" };
  const pending = asObjects(asObject(history.pendingInputs).items).find((item) => item.runId === runId);
  if (pending) return pending.state === "interrupted" ? { kind: "never_begun" } : { kind: "running" };
  const begun = messages.some((message) => message.idempotencyKey === `${runId}:user`);
  if (!record && !begun) return { kind: "none" };

  const since = asNumber(record?.createdAt) ?? 0;
  const later = records.filter((task) => isRecovery(task.runId) && (asNumber(task.createdAt) ?? 0) > since);
  const continuation = asText(newestOf(later)?.runId) ?? asText(active.find(isRecovery));
  const cause = causeOf(record);
  if (continuation) return { kind: "continued", runId: continuation, cause };
  if (session.status === "killed" && cause !== "restart") {
    return { kind: "ended", outcome: "cancelled", text: "The run was stopped." };
  }
  return { kind: "interrupted", cause };
}

function causeOf(record: JsonObject | undefined): InterruptionCause {
  if (!record) return "unknown";
  return RESTARTING.test(asText(record.error) ?? "") ? "restart" : "stopped";
}

/** The gateway names the runs by which it recovers by a UUID; other dispatches of the task have other ids. */
function isRecovery(runId: unknown): boolean {
  return typeof runId === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(runId);
}

function newestOf(records: JsonObject[]): JsonObject | undefined {
  return records.reduce<JsonObject | undefined>(
    (newest, record) =>
      (asNumber(record.createdAt) ?? 0) >= (asNumber(newest?.createdAt) ?? 0) ? record : newest,
    undefined,
  );
}

/** The last text the agent wrote in a run. */
function lastWords(messages: JsonObject[], runId: string): string {
  const own = messages.filter(
    (message) => message.role === "assistant" && asObject(message.__openclaw).runId === runId,
  );
  for (const message of own.reverse()) {
    const text = asObjects(message.content)
      .map((part) => asText(part.text))
      .filter((part) => part !== undefined)
      .join("\n\n");
    if (text) return text;
  }
  return "";
}
