import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import {
  type AgentServer,
  createAgentServer,
  type DispatchHandler,
  type RunContext,
} from "@mission-control/agent";
import { type AgentView, createdAgentSchema } from "@mission-control/protocol";
import type { ApiClient } from "../client/api-client.ts";
import { ANY_TASK, DEMO_TASKS } from "./demo-tasks.ts";

/** An HTTP agent like any other, in this process: dispatches reach it by HTTP, it reports by signed callbacks. */
export class DemoAgent {
  readonly view: AgentView;
  readonly #server: Server;
  readonly #agent: AgentServer;

  /**
   * Listens on a free port of this machine and registers with the server.
   * @param paceMs time a step takes, in milliseconds
   * @param patienceMs how long it waits for the answer to a question, in milliseconds; for ever, without it
   */
  static async start(client: ApiClient, paceMs: number, patienceMs?: number): Promise<DemoAgent> {
    let handler: RequestListener = (_, response) => void response.writeHead(503).end();
    const server = createServer((request, response) => handler(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { secret = "", ...view } = await client.post(
      "/api/agents",
      {
        name: "demo-agent",
        capabilities: ["docs", "code"],
        // One for the task that waits for an answer, so that the others go on.
        concurrency: 3,
        endpoint: { kind: "http", url: `http://127.0.0.1:${port}/` },
      },
      createdAgentSchema,
    );
    const agent = createAgentServer({
      secret,
      onDispatch: play(paceMs, patienceMs),
      reporter: { spool: false },
    });
    handler = agent.handler;
    return new DemoAgent(view, server, agent);
  }

  private constructor(view: AgentView, server: Server, agent: AgentServer) {
    this.view = view;
    this.#server = server;
    this.#agent = agent;
  }

  async close(): Promise<void> {
    await this.#agent.close(AbortSignal.timeout(2000));
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function play(paceMs: number, patienceMs: number | undefined): DispatchHandler {
  return async ({ task, attempt }, context) => {
    const { reporter, signal } = context;
    const script = DEMO_TASKS.find((one) => one.task.title === task.title) ?? ANY_TASK;
    const { steps, shown = {}, question, end } = script;
    context.onMessage(({ text, mode }) => {
      const said = `${mode === "next" ? "I come to that next" : "I take that in"}: ${text}`;
      void reporter.progress(said, { entry: { kind: "message", role: "assistant", text: said } });
      return "taken_up";
    });
    if (task.feedback) void reporter.progress(`Taking the feedback to heart: ${task.feedback}`);
    for (const [index, step] of steps.entries()) {
      if (index === steps.length - 1 && question && !(await isAllowed(question.title, context, patienceMs))) {
        return question.refused;
      }
      await wait(paceMs, undefined, { signal });
      void reporter.progress(step, {
        progress: (index + 1) / (steps.length + 1),
        usage: usageAfter(index + 1),
        entry: shown[step] ?? { kind: "message", role: "assistant", text: step },
      });
    }
    await wait(paceMs, undefined, { signal });
    // What failed once goes well when it is dispatched again.
    if ("error" in end && attempt === 1)
      return void (await reporter.fail(end.error, { lastState: end.lastState }));
    return "summary" in end ? end.summary : "This time it went through.";
  };
}

/** Asks the operator; no answer in time is a no. */
async function isAllowed(
  title: string,
  { ask, reporter, signal }: RunContext,
  patienceMs: number | undefined,
): Promise<boolean> {
  const request = {
    id: "question",
    title,
    options: [
      { optionId: "allow", name: "Allow", kind: "allow_once" },
      { optionId: "deny", name: "Deny", kind: "reject_once" },
    ],
  };
  const patience = patienceMs === undefined ? {} : { signal: AbortSignal.timeout(patienceMs) };
  const answer = await ask(request, patience).catch((error: unknown) => {
    if (signal.aborted) throw error;
    void reporter.permission(request, { data: { state: "timed_out" } });
    return "no answer";
  });
  return answer === "allow";
}

function usageAfter(steps: number) {
  const cost = { amount: Math.round(steps * 1.3) / 100, currency: "USD" };
  return { inputTokens: steps * 1830, outputTokens: steps * 412, cost };
}
