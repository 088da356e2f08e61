/** A run, as the gateway knows it. */
export interface RunKey {
  sessionKey: string;
  runId: string;
}

/**
 * The session of a task's turns on its gateway; attempts share it, so that an agent knows what came before. In
 * lower case, which gateways turn keys into, to find it in events and records again.
 */
export function sessionKeyOf(agentId: string, taskId: string): string {
  return `agent:${agentId}:mission-control:${taskId}`.toLowerCase();
}

/** The ids a turn may be sent under, first to last. */
export function runIdsOf(first: string): string[] {
  return [first, `${first}.2`, `${first}.3`];
}

/** Whether a run is one of a dispatch's turns. */
export function isRunOf(dispatchId: string, runId: string): boolean {
  return runId === dispatchId || runId.startsWith(`${dispatchId}.`);
}
