/** Whom a turn reports to, as the instructions of Mission Control in its system prompt say. */
export interface TurnCallback {
  url: string;
  secret: string;
  taskId: string;
  agentId: string;
  dispatchId: string;
}

const HEADING = "# Reporting to Mission Control";

/**
 * Finds the callback of a run in the system prompt of its turn. A dispatch's id is the last part of its callback's URL,
 * and the id of its run or what that begins with: instructions of any other run are not taken for this one's.
 */
export function callbackOfTurn(systemPrompt: string, runId: string): TurnCallback | undefined {
  for (const section of systemPrompt.split(HEADING).slice(1)) {
    const url = variable(section, "CALLBACK_URL");
    const secret = variable(section, "CALLBACK_SECRET");
    const taskId = variable(section, "TASK_ID");
    const agentId = variable(section, "AGENT_ID");
    if (!url || !secret || !taskId || !agentId || !URL.canParse(url)) continue;
    const dispatchId = decodeURIComponent(new URL(url).pathname.split("/").at(-1) ?? "");
    if (runId === dispatchId || runId.startsWith(`${dispatchId}.`))
      return { url, secret, taskId, agentId, dispatchId };
  }
  return undefined;
}

/** The value of `MISSION_CONTROL_<name>='…'`, written for a POSIX shell. */
function variable(text: string, name: string): string | undefined {
  const quoted = new RegExp(`\\bMISSION_CONTROL_${name}='((?:[^']|'\\\\'')*)'`).exec(text)?.[1];
  return quoted?.replaceAll(`'\\''`, "'");
}
