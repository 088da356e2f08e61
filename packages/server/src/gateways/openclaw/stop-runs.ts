import { asObjects, asText } from "./frames.ts";
import type { GatewayConnection } from "./gateway-connection.ts";
import { RequestRefusedError } from "./gateway-errors.ts";
import { isRunOf, runIdsOf } from "./run-key.ts";
import { readTrace } from "./run-trace.ts";
import { abortRun } from "./turn-sender.ts";

/** Stops every turn of a dispatch that an earlier process sent, under whichever id it went or goes on now. */
export async function stopRunsOf(
  connection: GatewayConnection,
  { sessionKey, dispatchId }: { sessionKey: string; dispatchId: string },
  signal: AbortSignal,
): Promise<void> {
  const known = await recordedRuns(connection, sessionKey);
  for (const runId of new Set([...runIdsOf(dispatchId), ...known.filter((id) => isRunOf(dispatchId, id))])) {
    const trace = await readTrace(connection, { sessionKey, runId });
    if (trace.kind === "none") continue;
    const current = trace.kind === "continued" ? trace.runId : runId;
    await abortRun(connection, { sessionKey, runId: current }, signal);
  }
}

async function recordedRuns(connection: GatewayConnection, sessionKey: string): Promise<string[]> {
  try {
    const { tasks } = await connection.request("tasks.list", { sessionKey });
    return asObjects(tasks).flatMap(({ runId }) => asText(runId) ?? []);
  } catch (error) {
    // A gateway without such records.
    if (error instanceof RequestRefusedError && !error.retryable) return [];
    throw error;
  }
}
