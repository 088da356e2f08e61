import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { wholeRequests } from "../../../packages/protocol/test/whole-requests.ts";
import { answerAnthropic, answerChat, answerGemini, answerResponses } from "./answers.ts";
import { nextStep, readScript } from "./script.ts";

/** An API of models: how it marks a tool's result in a request, and how it answers. */
const APIS = [
  { path: /\/messages$/, result: '"tool_result"', answer: answerAnthropic },
  { path: /\/responses$/, result: '_call_output"', answer: answerResponses },
  { path: /\/chat\/completions$/, result: '"role":"tool"', answer: answerChat },
  { path: /:(streamG|g)enerateContent$/, result: '"functionResponse"', answer: answerGemini },
];

/** So many requests are kept for tests to look at. */
const BODIES = 20;

/** One model behind the four APIs that coding agents call, on loopback. */
export class StubModel {
  /** Paths that were called, for a failing test to show. */
  readonly calls: string[] = [];
  /** What the model was asked last, the newest at the end. */
  readonly bodies: string[] = [];
  readonly #server = createServer(wholeRequests((...exchange) => this.#serve(...exchange)));

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

  #serve(request: IncomingMessage, response: ServerResponse, bytes: Buffer): void {
    const path = new URL(request.url ?? "/", "http://stub").pathname;
    this.calls.push(`${request.method} ${path}`);
    const body = String(bytes);
    if (request.method !== "POST") return void response.writeHead(200).end();
    const api = APIS.find((candidate) => candidate.path.test(path));
    if (!api) return void response.writeHead(404).end();
    this.bodies.push(body);
    if (this.bodies.length > BODIES) this.bodies.shift();
    const script = readScript(body);
    const done = body.split(api.result).length - 1;
    if (done >= script.failsAfter) {
      response.writeHead(400, { "content-type": "application/json" });
      response.end(
        '{"type":"error","error":{"type":"invalid_request_error","message":"the stub model refuses"}}',
      );
      return;
    }
    api.answer(response, nextStep(script, done, toolNames(body)), path);
  }
}

/** The names of the tools a request offers, in whichever API's shape. */
function toolNames(body: string): Set<string> {
  interface Tool {
    name?: string;
    function?: { name?: string };
    functionDeclarations?: Tool[];
  }
  const { tools = [] } = JSON.parse(body) as { tools?: Tool[] };
  const names = tools
    .flatMap((tool) => [tool, ...(tool.functionDeclarations ?? [])])
    .map((tool) => tool.name ?? tool.function?.name);
  return new Set(names.filter((name) => name !== undefined));
}
