import { createServer } from "node:http";
import { createAgentServer } from "@mission-control/agent";

const agent = createAgentServer({
  secret: process.env.AGENT_SECRET ?? "",
  async onDispatch({ task }, { reporter }) {
    reporter.progress(`Counting the words of "${task.title}"`, { progress: 0.5 });
    const words = `${task.title} ${task.description}`.match(/\S+/g) ?? [];
    return `Hello! Your task has ${words.length} words.`;
  },
});
const server = createServer(agent.handler).listen(Number(process.env.PORT ?? 5000), "127.0.0.1", () => {
  console.log(`Waiting for tasks at http://127.0.0.1:${server.address().port}/`);
});
