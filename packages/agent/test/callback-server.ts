import { createHash } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import {
  callbackSchema,
  contentDigest,
  deriveDispatchSecret,
  SIMPLE_SIGNATURE_HEADER,
  secretKey,
  uploadText,
  verifySimple,
  verifyStandard,
} from "@mission-control/protocol";
import { wholeRequests } from "../../protocol/test/whole-requests.ts";
import type { CallbackBody } from "../src/wire.ts";

/** One request as it arrived, whatever was answered. */
export interface Try {
  id: string;
  timestamp: number;
  body: CallbackBody;
}

/** What to do with a try: answer properly, answer otherwise, or break. */
export type Behaviour =
  | "ok"
  /** Break the connection before anything is stored. */
  | "reset"
  /** Store the callback, then break the connection: the sender never learns of it. */
  | "store-then-reset"
  /** Store it and break off in the middle of the answer. */
  | "store-then-half"
  /** Store it and never end the answer. */
  | "store-then-stall"
  /** Store nothing and never answer. */
  | "hang"
  /** Answer with what is not HTTP. */
  | "nonsense"
  /** Send the head byte by byte, for ever. */
  | "drops"
  /** Never stop answering. */
  | "endless"
  /** Answer a problem, or this text as it is, and store nothing. */
  | { status: number; headers?: Record<string, string>; detail?: string; text?: string };

/** Stands in for Mission Control: verifies as the contract says, dedupes by webhook-id, and misbehaves to order. */
export class CallbackServer {
  readonly tries: Try[] = [];
  readonly stored: CallbackBody[] = [];
  /** What was uploaded. */
  readonly uploads: { name: string; mediaType: string; content: Buffer }[] = [];
  maxInFlight = 0;
  behave: (attempt: Try, index: number) => Behaviour = () => "ok";
  /** Whether a request, such as "GET /healthz", meets a network's log-in page, and never comes here. */
  meetsPortal: (request: string) => boolean = () => false;
  /** The server's clock, by which it judges signatures and which it tells in `Date`. */
  now: () => number = Date.now;
  readonly #key = Buffer.from("test server key");
  readonly #arrivals = new EventEmitter();
  readonly #seen = new Map<string, number>();
  readonly #server = createServer(wholeRequests((...exchange) => this.#serve(...exchange))).on(
    "request",
    // The question whether it is up again may well come beside a callback.
    (request, response) => request.url?.endsWith("/healthz") || this.#count(response),
  );
  #inFlight = 0;

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What an agent is told for a dispatch. */
  target(dispatchId = "d1") {
    return {
      url: `${this.origin}/api/webhooks/callback/${dispatchId}`,
      secret: deriveDispatchSecret(this.#key, dispatchId),
      taskId: `task-${dispatchId}`,
      agentId: "agent-1",
    };
  }

  environment(dispatchId = "d1"): Record<string, string> {
    const { url, secret, taskId, agentId } = this.target(dispatchId);
    return {
      MISSION_CONTROL_CALLBACK_URL: url,
      MISSION_CONTROL_CALLBACK_SECRET: secret,
      MISSION_CONTROL_TASK_ID: taskId,
      MISSION_CONTROL_AGENT_ID: agentId,
    };
  }

  /** Resolves as soon as what arrived makes `condition` true. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.#arrivals, "try");
  }

  /** What was stored, in short: messages, summaries and errors in order. */
  get words(): string[] {
    return this.stored.map((body) => body.message ?? body.summary ?? body.error ?? body.type);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  #takeUpload(request: IncomingMessage, response: ServerResponse, content: Buffer): void {
    const [dispatchId = "", , encoded = ""] = (request.url ?? "").split("/").slice(-3);
    const name = decodeURIComponent(encoded);
    const digest = headerOf(request, "content-digest");
    const secret = deriveDispatchSecret(this.#key, dispatchId);
    const signature = headerOf(request, SIMPLE_SIGNATURE_HEADER);
    const isSigned = verifySimple([secret], signature, uploadText(dispatchId, name, digest));
    const isWhole = contentDigest(createHash("sha256").update(content).digest()) === digest;
    if (!isSigned || !isWhole) {
      answer(response, isSigned ? 400 : 401, {});
      return;
    }
    const eventId = this.uploads.push({ name, mediaType: headerOf(request, "content-type"), content });
    answer(response, 200, { ok: true, eventId, duplicate: false, taskStatus: "in_progress" });
  }

  #count(response: ServerResponse): void {
    this.#inFlight++;
    this.maxInFlight = Math.max(this.maxInFlight, this.#inFlight);
    response.on("close", () => this.#inFlight--);
  }

  async #serve(request: IncomingMessage, response: ServerResponse, raw: Buffer): Promise<void> {
    response.setHeader("date", new Date(this.now()).toUTCString());
    if (this.meetsPortal(`${request.method} ${request.url}`)) {
      return void response.writeHead(200, { "content-type": "text/html" }).end("<h1>Log in</h1>");
    }
    if (request.url?.endsWith("/healthz")) return answer(response, 200, { status: "ok" });
    if (request.method === "PUT") return this.#takeUpload(request, response, raw);
    const id = String(request.headers["webhook-id"]);
    const timestamp = Number(request.headers["webhook-timestamp"]);
    const dispatchId = request.url?.split("/").at(-1) ?? "";
    const delivery = {
      id,
      timestamp: String(timestamp),
      signature: String(request.headers["webhook-signature"]),
      body: raw,
    };
    const key = secretKey(deriveDispatchSecret(this.#key, dispatchId));
    if (!verifyStandard([key], delivery, Math.floor(this.now() / 1000))) return answer(response, 401, {});
    const parsed = callbackSchema.safeParse(JSON.parse(raw.toString()));
    if (!parsed.success) return answer(response, 400, { detail: parsed.error.message });
    const body = JSON.parse(raw.toString()) as CallbackBody;

    const attempt = { id, timestamp, body };
    const behaviour = this.behave(attempt, this.tries.push(attempt) - 1);
    this.#arrivals.emit("try");
    if (behaviour === "reset") return void request.socket.destroy();
    if (behaviour === "hang") return;
    if (behaviour === "nonsense") return void request.socket.end("SSH-2.0-OpenSSH_9.2\r\n");
    if (behaviour === "endless") return pour(response);
    if (behaviour === "drops") return drip(request.socket);
    if (typeof behaviour === "object") {
      const { status, headers, detail, text } = behaviour;
      if (text === undefined) return answer(response, status, { detail }, headers);
      return void response.writeHead(status, headers).end(text);
    }
    const known = this.#seen.get(id);
    const eventId = known ?? this.stored.push(body);
    this.#seen.set(id, eventId);
    this.#arrivals.emit("try");
    if (behaviour === "store-then-reset") return void request.socket.destroy();
    if (behaviour === "store-then-half" || behaviour === "store-then-stall") {
      response.writeHead(200, { "content-type": "application/json", "content-length": "400" });
      response.write('{"ok":true,', () => behaviour === "store-then-half" && request.socket.destroy());
      return;
    }
    answer(response, 200, { ok: true, eventId, duplicate: known !== undefined, taskStatus: "in_progress" });
  }
}

/** The one value of a header. */
function headerOf(request: IncomingMessage, name: string): string {
  return String(request.headers[name]);
}

/** Sends a head that never comes to its end. */
function drip(socket: Socket): void {
  socket.write("HTTP/1.1 200 OK\r\nx-drops: ");
  const timer = setInterval(() => socket.write("."), 100);
  socket.on("error", () => {}).on("close", () => clearInterval(timer));
}

/** Sends a body of a server error for as long as somebody reads. */
function pour(response: ServerResponse): void {
  response.writeHead(500, { "content-type": "application/json" });
  const chunk = Buffer.alloc(64 * 1024, " ");
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", more);
  more();
}

function answer(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}
