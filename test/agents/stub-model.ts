import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/**
 * What the model does in one turn, written into the task's description: run commands one after the other, then say
 * something. `RUN echo hi`, `SAY all done`, `FAIL`; `ESCALATE` makes Codex ask before it leaves its sandbox.
 */
interface Script {
  commands: string[];
  say: string;
  fails: boolean;
  escalates: boolean;
}

/** One model behind the four APIs that Claude Code, Codex, opencode and Gemini call, on loopback. */
export class StubModel {
  /** Paths that were called, for a failing test to show. */
  readonly calls: string[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", "http://stub").pathname;
    this.calls.push(`${request.method} ${path}`);
    const body = await text(request);
    if (request.method !== "POST") return void response.writeHead(200).end();
    const script = readScript(body);
    if (script.fails) {
      response.writeHead(400, { "content-type": "application/json" });
      response.end(
        '{"type":"error","error":{"type":"invalid_request_error","message":"the stub model refuses"}}',
      );
      return;
    }
    const tools = (JSON.parse(body) as { tools?: unknown[] }).tools ?? [];
    if (path.endsWith("/messages"))
      return answerAnthropic(response, next(script, body, '"tool_result"', tools));
    if (path.endsWith("/responses")) {
      return answerResponses(response, next(script, body, '"function_call_output"', tools));
    }
    if (path.endsWith("/chat/completions"))
      return answerChat(response, next(script, body, '"role":"tool"', tools));
    if (/:(streamG|g)enerateContent$/.test(path)) {
      return answerGemini(response, next(script, body, '"functionResponse"', tools), path);
    }
    response.writeHead(404).end();
  }
}

/** A command to run, or the last words. */
type Step = { command: string; escalates: boolean } | { say: string };

function readScript(body: string): Script {
  // The prompt is somewhere inside the JSON; its line ends are escaped there.
  const lines = body.split(/\\n|"/);
  const after = (word: string) =>
    lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length));
  return {
    commands: [...new Set(after("RUN "))],
    say: after("SAY ").at(-1) ?? "ok",
    fails: lines.includes("FAIL"),
    escalates: lines.includes("ESCALATE"),
  };
}

function next(script: Script, body: string, resultMark: string, tools: unknown[]): Step {
  const done = body.split(resultMark).length - 1;
  const command = script.commands[done];
  // Side requests, such as for a title, come without tools.
  return command !== undefined && tools.length > 0
    ? { command, escalates: script.escalates }
    : { say: script.say };
}

function stream(
  response: ServerResponse,
  events: [name: string | undefined, data: object][],
  end = "",
): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const [name, data] of events) {
    response.write(`${name ? `event: ${name}\n` : ""}data: ${JSON.stringify(data)}\n\n`);
  }
  response.end(end);
}

function answerAnthropic(response: ServerResponse, step: Step): void {
  const tool = "command" in step;
  const block = tool
    ? { type: "tool_use", id: `toolu_${Date.now()}`, name: "Bash", input: {} }
    : { type: "text", text: "" };
  const delta = tool
    ? {
        type: "input_json_delta",
        partial_json: JSON.stringify({ command: step.command, description: "A step" }),
      }
    : { type: "text_delta", text: step.say };
  const message = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "stub",
    content: [],
    stop_reason: null,
  };
  const usage = { input_tokens: 11, output_tokens: 5 };
  stream(
    response,
    [
      { type: "message_start", message: { ...message, usage } },
      { type: "content_block_start", index: 0, content_block: block },
      { type: "content_block_delta", index: 0, delta },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: tool ? "tool_use" : "end_turn" }, usage },
      { type: "message_stop" },
    ].map((event) => [event.type, event]),
  );
}

function answerResponses(response: ServerResponse, step: Step): void {
  const item =
    "command" in step
      ? {
          type: "function_call",
          id: "fc_1",
          call_id: `call_${Date.now()}`,
          name: "exec_command",
          arguments: JSON.stringify({
            cmd: step.command,
            ...(step.escalates && { sandbox_permissions: "require_escalated", justification: "Shall I?" }),
          }),
        }
      : { type: "message", id: "m_1", role: "assistant", content: [{ type: "output_text", text: step.say }] };
  const usage = { input_tokens: 11, output_tokens: 5, total_tokens: 16 };
  stream(
    response,
    [
      { type: "response.created", response: { id: "resp_1" } },
      { type: "response.output_item.added", output_index: 0, item },
      { type: "response.output_item.done", output_index: 0, item },
      { type: "response.completed", response: { id: "resp_1", output: [item], usage } },
    ].map((event) => [event.type, event]),
  );
}

function answerChat(response: ServerResponse, step: Step): void {
  const chunk = (delta: object, finish: string | null = null) => ({
    id: "c_1",
    object: "chat.completion.chunk",
    created: 1,
    model: "stub",
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const call =
    "command" in step
      ? {
          role: "assistant",
          tool_calls: [
            {
              index: 0,
              id: `call_${Date.now()}`,
              type: "function",
              function: {
                name: "bash",
                arguments: JSON.stringify({ command: step.command, description: "A step" }),
              },
            },
          ],
        }
      : { role: "assistant", content: step.say };
  const last = {
    ...chunk({}, "command" in step ? "tool_calls" : "stop"),
    usage: { prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 },
  };
  stream(
    response,
    [
      [undefined, chunk(call)],
      [undefined, last],
    ],
    "data: [DONE]\n\n",
  );
}

function answerGemini(response: ServerResponse, step: Step, path: string): void {
  const part =
    "command" in step
      ? {
          functionCall: {
            name: "run_shell_command",
            args: { command: step.command, description: "A step" },
          },
        }
      : { text: step.say };
  const answer = {
    candidates: [{ content: { role: "model", parts: [part] }, finishReason: "STOP", index: 0 }],
    usageMetadata: { promptTokenCount: 11, candidatesTokenCount: 5, totalTokenCount: 16 },
    modelVersion: "stub",
  };
  if (path.endsWith(":streamGenerateContent")) stream(response, [[undefined, answer]]);
  else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
}
