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

/** The ids a dispatch's turn may have been sent under, first to last. */
export function runIdsOf(dispatchId: string): string[] {
  return [dispatchId, `${dispatchId}.2`, `${dispatchId}.3`];
}
