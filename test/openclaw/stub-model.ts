import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { wholeRequests } from "../../packages/protocol/test/whole-requests.ts";

/** What the stub model does at one step of a turn. A turn's steps are taken one per model request. */
export type Step =
  /** Ends the turn with this text. */
  | { say: string }
  /**
   * Has the agent run a shell command, after a text where one is given. `{{ENV}}` becomes the report variables found
   * in the system prompt.
   */
  | { exec: string; saying?: string }
  /** Has the agent use any tool of its own, with these arguments. */
  | { tool: string; input: object }
  /** Answers with this HTTP status instead of a completion. */
  | { fail: number }
  /** Keeps the request open until the test calls {@link StubModel.release}, then goes on with the next step. */
  | { hold: string };

/** One request the gateway made to the model, as far as the tests look at it. */
export interface ModelRequest {
  /** The key of the script the request belongs to: one per dispatched task. */
  script: string;
  /** Index of the step that was taken. */
  step: number;
  system: string;
}

/** What each request to the stub model is said to have used; of the prompt's tokens, some came from a cache. */
export const STUB_USAGE = {
  prompt_tokens: 120,
  completion_tokens: 7,
  total_tokens: 127,
  prompt_tokens_details: { cached_tokens: 100 },
};

interface ChatMessage {
  role: string;
  content?: unknown;
}

/** Writes a script as text to be put into a task's description, where the stub finds it again. */
export function scriptText(key: string, steps: Step[]): string {
  return `STUB-SCRIPT ${Buffer.from(JSON.stringify({ key, steps })).toString("base64url")} END-STUB-SCRIPT`;
}

/**
 * A model that speaks OpenAI chat completions (streamed) and follows the script it finds in the user's
 * messages, so that a real gateway runs a real agent loop without any account or internet access.
 */
export class StubModel {
  readonly requests: ModelRequest[] = [];
  #texts: string[] = [];
  #readers: (() => void)[] = [];
  #server = createServer(wholeRequests((...exchange) => this.#answer(...exchange)));
  #holds = new Map<string, { reached: PromiseWithResolvers<void>; released: PromiseWithResolvers<void> }>();

  /** Listens on a free port of 127.0.0.1 and returns the base URL for the gateway's configuration. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Resolves when a turn has come to the step `{ hold: name }`. */
  held(name: string): Promise<void> {
    return this.#hold(name).reached.promise;
  }

  /** Lets every turn waiting at `{ hold: name }`, now or later, go on. */
  release(name: string): void {
    this.#hold(name).released.resolve();
  }

  /** Resolves when some request holds this text, or this image as a `data:` URL, outside its system prompt. */
  async told(text: string): Promise<void> {
    while (!this.#texts.some((told) => told.includes(text))) {
      await new Promise<void>((resolve) => this.#readers.push(resolve));
    }
  }

  /** Resolves when a step of a script was taken. */
  async taken(script: string, step: number): Promise<void> {
    while (this.timesTaken(script, step) === 0) {
      await new Promise<void>((resolve) => this.#readers.push(resolve));
    }
  }

  /** How often a step of a script was taken. */
  timesTaken(script: string, step: number): number {
    return this.requests.filter((request) => request.script === script && request.step === step).length;
  }

  /**
   * How many turns Mission Control started for a script: first steps with the reporting instructions. A turn that
   * the gateway takes up by itself after a restart goes on without them, where it was as far as was written down.
   */
  turnsStarted(script: string): number {
    return this.requests.filter((request) => {
      return (
        request.script === script &&
        request.step === 0 &&
        request.system.includes("MISSION_CONTROL_CALLBACK_URL")
      );
    }).length;
  }

  #hold(name: string) {
    const known = this.#holds.get(name);
    if (known) return known;
    const hold = { reached: Promise.withResolvers<void>(), released: Promise.withResolvers<void>() };
    this.#holds.set(name, hold);
    return hold;
  }

  async #answer(_: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
    const { messages = [] } = JSON.parse(String(body) || "{}") as {
      messages?: ChatMessage[];
    };
    const system = messages
      .filter((message) => message.role === "system" || message.role === "developer")
      .map(textOf)
      .join("\n");
    this.#texts.push(...messages.filter((message) => message.role !== "system").map(textOf));
    const found = findScript(messages);
    if (!found) return sendText(response, "No script for this turn.");
    let index = found.stepsTaken;
    for (;;) {
      const step = found.steps[index];
      this.requests.push({ script: found.key, step: index, system });
      for (const wake of this.#readers.splice(0)) wake();
      if (!step) return sendText(response, "The script is over.");
      if ("hold" in step) {
        const hold = this.#hold(step.hold);
        hold.reached.resolve();
        await hold.released.promise;
        index += 1;
        continue;
      }
      if ("say" in step) return sendText(response, step.say);
      if ("fail" in step) {
        response.writeHead(step.fail, { "content-type": "application/json" });
        response.end(
          JSON.stringify({
            error: { message: "The stub model was told to fail.", type: "invalid_request_error" },
          }),
        );
        return;
      }
      if ("tool" in step) return sendToolCall(response, step.tool, step.input, index);
      const command = step.exec.replaceAll("{{ENV}}", reportEnvironment(system));
      return sendToolCall(response, "exec", { command }, index, step.saying);
    }
  }
}

/** The newest script in the conversation, and how many of its steps earlier requests have already taken. */
function findScript(messages: ChatMessage[]): { key: string; steps: Step[]; stepsTaken: number } | undefined {
  for (let index = messages.length - 1; index >= 0; index--) {
    const message = messages[index];
    if (message?.role !== "user") continue;
    const encoded = /STUB-SCRIPT (\S+) END-STUB-SCRIPT/.exec(textOf(message))?.[1];
    if (!encoded) continue;
    const { key, steps } = JSON.parse(Buffer.from(encoded, "base64url").toString()) as {
      key: string;
      steps: Step[];
    };
    const toolResults = messages.slice(index).filter((later) => later.role === "tool").length;
    return { key, steps, stepsTaken: indexAfterTools(steps, toolResults) };
  }
  return undefined;
}

/** The index of the step that follows the given number of tool calls. */
function indexAfterTools(steps: Step[], toolResults: number): number {
  let seen = 0;
  for (let index = 0; index < steps.length; index++) {
    if (seen === toolResults) return index;
    const step = steps[index] as Step;
    if ("exec" in step || "tool" in step) seen += 1;
  }
  return steps.length;
}

/** The `NAME=value` pairs of the report command, as an agent would copy them from its instructions. */
function reportEnvironment(system: string): string {
  const found = system.match(/MISSION_CONTROL_[A-Z_]+='[^']*'/g) ?? [];
  return [...new Set(found)].join(" ");
}

function textOf(message: ChatMessage): string {
  if (typeof message.content === "string") return message.content;
  if (!Array.isArray(message.content)) return "";
  return (message.content as { text?: string; image_url?: { url: string } }[])
    .map(({ text, image_url: image }) => text ?? image?.url ?? "")
    .join("\n");
}

function sendText(response: ServerResponse, content: string): void {
  sendChunks(response, { role: "assistant", content }, "stop");
}

function sendToolCall(
  response: ServerResponse,
  name: string,
  input: object,
  index: number,
  content: string | null = null,
): void {
  const call = {
    index: 0,
    id: `call_${index}_${process.hrtime.bigint()}`,
    type: "function",
    function: { name, arguments: JSON.stringify(input) },
  };
  sendChunks(response, { role: "assistant", content, tool_calls: [call] }, "tool_calls");
}

function sendChunks(response: ServerResponse, delta: object, finishReason: string): void {
  const base = { id: "chatcmpl-stub", object: "chat.completion.chunk", created: 1, model: "stub-1" };
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const choice of [
    { index: 0, delta, finish_reason: null },
    { index: 0, delta: {}, finish_reason: finishReason },
  ]) {
    response.write(`data: ${JSON.stringify({ ...base, choices: [choice] })}\n\n`);
  }
  response.write(`data: ${JSON.stringify({ ...base, choices: [], usage: STUB_USAGE })}\n\n`);
  response.end("data: [DONE]\n\n");
}
