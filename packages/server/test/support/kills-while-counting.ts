import { complete } from "./complete.ts";
import { type AgentDouble, dispatchTasks, type ServerProcess } from "./server-process.ts";

/**
 * Has tasks completed in rounds, so many at a time with so many tokens each, and kills the server twice after each round:
 * when the last report was answered, and in the middle of counting what it finds at its start, a little later each time.
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
    // What it finds at its start it counts at once: the next kill falls somewhere into that.
    await server.restart();
    for (let calls = 0; calls < round; calls++) await server.call("GET", read);
    await server.end("SIGKILL");
    await server.restart();
  }
}
