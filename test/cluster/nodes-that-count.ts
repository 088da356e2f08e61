import type { TestContext } from "node:test";
import { complete } from "../../packages/server/test/support/complete.ts";
import {
  AgentDouble,
  dispatchTasks,
  ServerProcess,
} from "../../packages/server/test/support/server-process.ts";
import { Place } from "./place.ts";
import type { PostgresServer } from "./postgres-server.ts";
import { sentTo } from "./sent-to.ts";

/** Two nodes, of which either may count, and an agent. */
export interface NodesThatCount {
  nodes: readonly [ServerProcess, ServerProcess];
  agent: AgentDouble;
}

/** Starts them; they go with the test. */
export async function startNodesThatCount(
  context: TestContext,
  postgres: PostgresServer,
): Promise<NodesThatCount> {
  const place = await Place.make(postgres);
  const agent = await AgentDouble.start();
  const environment = { DATABASE_URL: place.url };
  const nodes = [await ServerProcess.start(environment), await ServerProcess.start(environment)] as const;
  context.after(async () => {
    await Promise.all([...nodes, agent].map((part) => part.close()));
    await place.discard();
  });
  return { nodes, agent };
}

/**
 * Has tasks completed in rounds, so many at a time with so many tokens each, and after each round, when the last report
 * was answered, kills a node: one, then the other, while that one is asked for everything.
 */
export async function killInTurns(
  { nodes, agent }: NodesThatCount,
  { rounds, tasks, tokens }: { rounds: number; tasks: number; tokens: number },
): Promise<void> {
  let [killed, other] = nodes;
  for (let round = 0; round < rounds; round++) {
    const before = agent.payloads.length;
    await dispatchTasks(other, agent, tasks);
    await agent.receives(before + tasks);
    for (const payload of agent.payloads.slice(before)) await complete(sentTo(other, payload), tokens);
    await killed.end("SIGKILL");
    await killed.restart();
    [killed, other] = [other, killed];
  }
}
