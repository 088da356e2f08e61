import { acceptsConnections } from "../accepts-connections.ts";
import type { MissionControl } from "../mission-control.ts";
import { AlreadyRunningError, type StateFile } from "./state-file.ts";

/**
 * Takes up what an earlier version kept of this agent. Its file may be another agent's, whose name differed in the
 * characters that were replaced: the server knows whose it is.
 * @throws AlreadyRunningError when that earlier version still runs: it holds no lock
 */
export async function takeUpEarlierState(
  state: StateFile,
  name: string,
  missionControl: MissionControl,
  signal?: AbortSignal,
): Promise<void> {
  if (state.agent) return;
  const earlier = state.readEarlier();
  if (!earlier?.agent) return;
  if ((await missionControl.agentName(earlier.agent.id, signal)) !== name) return;
  const { port } = earlier.agent;
  if (await acceptsConnections("127.0.0.1", port)) {
    throw new AlreadyRunningError(
      `The agent "${name}" seems to be run by an earlier version, at port ${port} of this machine. Stop that first, or give this one another --name.`,
    );
  }
  state.takeUp(earlier);
}
