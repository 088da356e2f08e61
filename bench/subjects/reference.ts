import { fileURLToPath } from "node:url";
import { freePort, launch } from "./launch.ts";
import type { Subject } from "./subject.ts";

const program = fileURLToPath(new URL("../reference/server.ts", import.meta.url));
const SECRET = "bench-reference-secret";

/** R, the bare reference. */
export async function startReference(): Promise<Subject> {
  const port = await freePort();
  const running = await launch({
    command: process.execPath,
    args: [program],
    env: { PORT: String(port), MISSION_CONTROL_WEBHOOK_SECRET: SECRET },
    readyUrl: `http://127.0.0.1:${port}/`,
  });
  return {
    name: "R",
    port,
    pid: running.pid,
    callbackPath: "/",
    secret: SECRET,
    streamHeaders: {},
    streamPath: () => "/",
    targets: async (count) => virtualTargets(count),
    close: running.stop,
  };
}

/** Targets for what knows no tasks. */
export function virtualTargets(count: number) {
  return Array.from({ length: count }, (_, index) => ({ taskId: `task-${index}`, agentId: "bench-agent" }));
}
