import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { wholeRequests } from "../../packages/protocol/test/whole-requests.ts";

/** A call of a native tool, or the text that ends the turn. */
export type Move = { tool: string; parameters: object } | { say: string };

interface Request {
  messages: { role: string; content?: unknown }[];
  tools?: { function: { name: string } }[];
}

/** A model that speaks OpenAI chat completions and makes, in every turn, the moves its user message asks for. */
export class ToolCallingModel {
  readonly requests: Request[] = [];
  #next: Move[] | undefined;
  readonly #server = createServer(wholeRequests((...exchange) => this.#answer(...exchange)));

  /** Listens on a free port of 127.0.0.1 and returns the base URL for the gateway's configuration. */
  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** The moves of the next turn whose user message asks for none. */
  nextTurn(moves: Move[]): void {
    this.#next = moves;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #answer(_: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const request = JSON.parse(String(body)) as Request;
    this.requests.push(request);
    const move = nextMove(request.messages, this.#next);
    const call = "tool" in move && {
      index: 0,
      id: `call_${this.requests.length}`,
      type: "function",
      function: { name: move.tool, arguments: JSON.stringify(move.parameters) },
    };
    const delta = call ? { role: "assistant", tool_calls: [call] } : { role: "assistant", ...textOf(move) };
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const choice of [
      { index: 0, delta, finish_reason: null },
      { index: 0, delta: {}, finish_reason: call ? "tool_calls" : "stop" },
    ]) {
      const chunk = { id: "stub", object: "chat.completion.chunk", created: 1, model: "stub-1" };
      response.write(`data: ${JSON.stringify({ ...chunk, choices: [choice] })}\n\n`);
    }
    response.end("data: [DONE]\n\n");
  }
}

/** Writes moves as text for a task's description, where the model finds them again. */
export function movesText(moves: Move[]): string {
  return `MOVES ${Buffer.from(JSON.stringify(moves)).toString("base64url")} END`;
}

function nextMove(messages: Request["messages"], next: Move[] | undefined): Move {
  const asked = messages.findLastIndex(({ role, content }) => {
    return role === "user" && (next ? /operator answered/ : /MOVES \S+ END/).test(JSON.stringify(content));
  });
  const encoded = /MOVES (\S+) END/.exec(JSON.stringify(messages[asked]?.content ?? ""))?.[1];
  if (!encoded && !next) return { say: "No moves for this turn." };
  const moves = next ?? (JSON.parse(Buffer.from(encoded ?? "", "base64url").toString()) as Move[]);
  const made = messages.slice(asked).filter(({ role }) => role === "tool").length;
  return moves[made] ?? { say: "That was all." };
}

function textOf(move: Move): { content: string } {
  return { content: "say" in move ? move.say : "" };
}
