import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { complete } from "./complete.ts";
import { type AgentDouble, dispatchTasks, type ServerProcess } from "./server-process.ts";

/**
 * Has tasks completed in rounds, so many at a time with so many tokens each, and kills the server twice after each round:
 * when the last report was answered, and when it has counted what it finds at its start, a little later each time.
 * @param read what is read of it meanwhile
 */
export async function killWhileCounting(
  server: ServerProcess,
  agent: AgentDouble,
  { rounds, tasks, tokens, read }: { rounds: number; tasks: number; tokens: number; read: string },
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const before = agent.payloads.length;
    await dispatchTasks(server, agent, tasks);
    for (const payload of agent.payloads.slice(before)) await complete(payload, tokens);
    await server.end("SIGKILL");
    await server.restart();
    await untilCounted(server.folder);
    for (let calls = 0; calls < round; calls++) await server.call("GET", read);
    await server.end("SIGKILL");
    await server.restart();
  }
}

/** Resolves as soon as the database of a running server holds nothing that is not counted. */
async function untilCounted(folder: string): Promise<void> {
  const db = new DatabaseSync(join(folder, "mission-control.db"), { readOnly: true });
  try {
    const left = db.prepare("SELECT count(*) AS facts FROM insight_facts");
    while (Number(left.get()?.facts) > 0) await pause(1);
  } finally {
    db.close();
  }
}
