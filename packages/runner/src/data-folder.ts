import { homedir } from "node:os";
import { join } from "node:path";

/** A folder of the runner's in Mission Control's data folder (docs/contract.md, section 1). */
export function dataFolder(env: NodeJS.ProcessEnv, name: string): string {
  return join(env.MISSION_CONTROL_DATA_DIR || join(homedir(), ".mission-control"), name);
}
