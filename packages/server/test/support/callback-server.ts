import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CALLBACK_PATH, deriveDispatchSecret, signSimple, standardHeaders } from "@mission-control/protocol";
import { readSettings } from "@mission-control/protocol/settings";
import { ArtifactKeeping } from "../../src/callbacks/artifact-keeping.ts";
import { ArtifactUploads } from "../../src/callbacks/artifact-uploads.ts";
import { callbackEndpoint } from "../../src/callbacks/callback-endpoint.ts";
import { CallbackLimits } from "../../src/callbacks/callback-limits.ts";
import { CallbackIntake } from "../../src/callbacks/intake.ts";
import { SignatureVerifier } from "../../src/callbacks/signature.ts";
import { ClientAddresses } from "../../src/client-address.ts";
import { BodyReader } from "../../src/ingress/body-reader.ts";
import { BrokenRequests } from "../../src/ingress/broken-request.ts";
import { FastLane } from "../../src/ingress/fast-lane.ts";
import type { BodyBudget, BodyBudgetOptions } from "../../src/limits/body-budget.ts";
import { type Limit, type LimitSettings, limitsOf } from "../../src/limits/limits.ts";
import type { Logger } from "../../src/logger.ts";
import type { CallbackResult } from "../../src/metrics.ts";
import { ContentFolder } from "../../src/store/content-folder.ts";
import type { Contents } from "../../src/store/contents.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { NO_LIMITS, type TaskLimits } from "../../src/tasks/limits.ts";
import { running } from "../conformance/engine.ts";
import { RawClient, type RawResponse } from "./raw-client.ts";

export const SERVER_KEY = Buffer.alloc(32, 1);
export const SHARED = [
  "whsec_dGhlIG5ld2VyIG9mIHRoZSBzaGFyZWQgc2VjcmV0cw==",
  "whsec_dGhlIG9sZGVyIG9mIHRoZSBzaGFyZWQgc2VjcmV0cw==",
] as const;
export const NOW = new Date("2026-11-23T10:00:00.000Z");
export const NOW_SECONDS = NOW.getTime() / 1000;

const ADDRESSES = new ClientAddresses();

export type Scheme = "standard" | "simple";

/** A request as it is to be sent; everything but the body may be left to what a good client would do. */
export interface Send {
  body: string | Uint8Array;
  dispatchId?: string | null;
  scheme?: Scheme | "none";
  secret?: string;
  id?: string;
  /** Unix seconds of the standard scheme. */
  timestamp?: number;
  headers?: Record<string, string | null>;
  method?: string;
  path?: string;
}

/** The callback routes on a real socket over a real store, with one task `t1` that agent `a1` works on as `d1`. */
export class CallbackServer {
  readonly folder = mkdtempSync(join(tmpdir(), "mission-control-callbacks-"));
  readonly counted: CallbackResult[] = [];
  readonly limited: Limit[] = [];
  readonly failures: unknown[] = [];
  readonly clock = { now: NOW };
  store: SqliteStore;
  contents: Contents | null = null;
  intake: CallbackIntake;
  readonly #server = createServer((request, response) => this.#handle(request, response));
  readonly #clients = new Set<RawClient>();
  readonly #broken = new BrokenRequests();
  readonly #rules: TaskLimits;
  readonly #limits: ReturnType<typeof limitsOf>;
  readonly #metrics = {
    callback: (result: CallbackResult) => this.counted.push(result),
    limited: (limit: Limit) => this.limited.push(limit),
  };
  readonly #bodies: BodyReader;
  readonly #lane: FastLane;
  readonly #pace: BodyBudget;
  #uploads: ArtifactUploads;
  #endpoint: ReturnType<typeof callbackEndpoint>;

  /** With limits other than the standard ones. */
  static async open(
    settings: Partial<LimitSettings> = {},
    bodies: Partial<BodyBudgetOptions> = {},
    rules: Partial<TaskLimits> = {},
  ): Promise<CallbackServer> {
    const server = new CallbackServer(settings, bodies, { ...NO_LIMITS, ...rules });
    const { allArtifacts: maxTotalBytes } = server.#limits;
    server.contents = await ContentFolder.open({ folder: join(server.folder, "artifacts"), maxTotalBytes });
    await running(server.store, "t1", "a1", "d1");
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  private constructor(
    settings: Partial<LimitSettings>,
    bodies: Partial<BodyBudgetOptions>,
    rules: TaskLimits,
  ) {
    this.#rules = rules;
    const environment = { MISSION_CONTROL_DATA_DIR: this.folder };
    this.#limits = limitsOf({ ...readSettings({ environment }), ...settings });
    this.#bodies = new BodyReader(this.#limits.bodies(bodies), ADDRESSES, this.#metrics);
    this.store = this.#openStore();
    this.#pace = this.#limits.pace(bodies);
    this.intake = this.#newIntake();
    this.#uploads = this.#newUploads();
    this.#endpoint = this.#newEndpoint();
    this.#lane = new FastLane({
      basePath: "/mission",
      allowedHosts: { allows: () => true },
      // Looked up each time: the store behind it is opened again by some tests.
      callbacks: { take: (delivery) => this.intake.take(delivery) },
      addresses: ADDRESSES,
      connections: { admit: () => true },
      prepareStream: async () => () => false,
    });
    this.#lane.attach(this.#server);
    this.#server.on("clientError", (error, socket) => this.#broken.answer(error, socket as Socket));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get newest(): Promise<number> {
    return this.store.range().then(({ newest }) => newest);
  }

  async client(): Promise<RawClient> {
    const client = await RawClient.connect(this.port);
    this.#clients.add(client);
    return client;
  }

  /** Sends a request whole and reads the answer. */
  async send(send: Send): Promise<RawResponse & { json: Record<string, unknown> }> {
    const client = await this.client();
    const { head, body } = requestOf(send);
    client.write(head, body);
    const response = await client.response();
    client.close();
    return { ...response, json: JSON.parse(response.body) as Record<string, unknown> };
  }

  /** Closes the store and opens it again. */
  async restartStore(): Promise<void> {
    await this.store.close();
    this.store = this.#openStore();
    this.intake = this.#newIntake();
    this.#uploads = this.#newUploads();
    this.#endpoint = this.#newEndpoint();
  }

  /** Opens the contents of artifacts anew, as a server that starts after a kill does. */
  async restartContents(): Promise<void> {
    this.contents = await ContentFolder.open({
      folder: join(this.folder, "artifacts"),
      maxTotalBytes: this.#limits.allArtifacts,
    });
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    this.#lane.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.store.close();
    rmSync(this.folder, { recursive: true });
  }

  #openStore(): SqliteStore {
    return SqliteStore.open({ folder: this.folder, limits: this.#rules, now: () => this.clock.now });
  }

  #newIntake(): CallbackIntake {
    const logger: Logger = {
      debug() {},
      info() {},
      warn() {},
      error: (fields) => this.failures.push(fields),
    };
    const artifacts = new ArtifactKeeping({ keep: (...kept) => this.#contents.keep(...kept) });
    return new CallbackIntake({ ...this.#parts(), logger, artifacts });
  }

  #newUploads(): ArtifactUploads {
    const { artifact: maxBytes } = this.#limits;
    const parts = { intake: this.intake, pace: this.#pace, addresses: ADDRESSES, maxBytes };
    const contents: Pick<Contents, "keep" | "offset"> = {
      keep: (...kept) => this.#contents.keep(...kept),
      offset: (part) => this.#contents.offset(part),
    };
    return new ArtifactUploads({ ...this.#parts(), ...parts, contents });
  }

  get #contents(): Contents {
    if (!this.contents) throw new Error("The server is not open yet.");
    return this.contents;
  }

  /** What takes callbacks, and what takes artifacts, are both made of. */
  #parts() {
    const { callbacksPerDispatch, callbacksPerAddress } = this.#limits;
    return {
      store: this.store,
      verifier: new SignatureVerifier({ serverKey: SERVER_KEY, sharedSecrets: SHARED }),
      metrics: this.#metrics,
      limits: new CallbackLimits(callbacksPerDispatch, callbacksPerAddress),
      now: () => this.clock.now,
    };
  }

  #newEndpoint(): ReturnType<typeof callbackEndpoint> {
    return callbackEndpoint(this.intake, this.#bodies, ADDRESSES);
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    this.#broken.expectAnswer(request, response);
    if (request.method !== "POST" && request.url?.includes("/artifacts/"))
      this.#uploads.handle(request, response);
    else if ((request.url ?? "").startsWith(CALLBACK_PATH)) this.#endpoint(request, response);
    else response.writeHead(404).end();
  }
}

/** The bytes of a request, signed as asked for. */
export function requestOf(send: Send): { head: string; body: Buffer } {
  const { dispatchId = "d1", scheme = "standard", id = "msg_1", timestamp = NOW_SECONDS } = send;
  const body = Buffer.from(send.body as string);
  const secret =
    send.secret ?? (dispatchId === null ? SHARED[0] : deriveDispatchSecret(SERVER_KEY, dispatchId));
  const headers: Record<string, string | null> = {
    Host: "127.0.0.1",
    "Content-Type": "application/json",
    "Content-Length": String(body.length),
    ...(scheme === "standard" ? standardHeaders(secret, { id, timestamp, body }) : {}),
    ...(scheme === "simple" ? { "X-Signature-SHA256": signSimple(secret, body) } : {}),
    ...send.headers,
  };
  const path = send.path ?? (dispatchId === null ? CALLBACK_PATH : `${CALLBACK_PATH}/${dispatchId}`);
  let head = `${send.method ?? "POST"} ${path} HTTP/1.1\r\n`;
  for (const [name, value] of Object.entries(headers)) if (value !== null) head += `${name}: ${value}\r\n`;
  return { head: `${head}\r\n`, body };
}

/** The body of a callback of the running task's agent. */
export function said(fields: Record<string, unknown> = {}): string {
  return JSON.stringify({
    taskId: "t1",
    agentId: "a1",
    type: "progress",
    message: "on it",
    timestamp: NOW.toISOString(),
    ...fields,
  });
}
