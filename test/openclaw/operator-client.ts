import { EventEmitter, once } from "node:events";
import type { JsonObject } from "@mission-control/protocol";
import { WebSocket } from "ws";
import type { DeviceIdentity } from "../../packages/server/src/gateways/openclaw/device-identity.ts";
import { asText, type EventFrame, parseFrame } from "../../packages/server/src/gateways/openclaw/frames.ts";

/** Who an operator's client says it is, as far as the tests vary it. */
export interface OperatorOptions {
  url: string;
  token: string;
  scopes: string[];
  caps: string[];
  identity?: DeviceIdentity;
}

const CLIENT = { id: "gateway-client", mode: "backend", version: "0.0.0", platform: "linux" } as const;

/** Another client of the gateway, beside Mission Control: with any scopes and capabilities, and all it is told. */
export class OperatorClient {
  readonly events: EventFrame[] = [];
  readonly #socket: WebSocket;
  readonly #arrivals = new EventEmitter();
  #requests = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      const frame = parseFrame(data.toString());
      if (frame?.type === "event") this.events.push(frame);
      this.#arrivals.emit(frame?.type === "res" ? frame.id : "event", frame);
    });
  }

  static async connect({ url, token, scopes, caps, identity }: OperatorOptions): Promise<OperatorClient> {
    const client = new OperatorClient(new WebSocket(url));
    const { payload } = await client.event(({ event }) => event === "connect.challenge");
    const nonce = asText(payload.nonce) ?? "";
    const signedAt = Number(payload.ts);
    const proof = {
      clientId: CLIENT.id,
      clientMode: CLIENT.mode,
      role: "operator",
      scopes,
      signedAt,
      token,
      nonce,
    };
    await client.request("connect", {
      minProtocol: 4,
      maxProtocol: 4,
      client: CLIENT,
      role: "operator",
      scopes,
      caps,
      auth: { token },
      ...(identity && {
        device: {
          id: identity.id,
          publicKey: identity.publicKey,
          signature: identity.sign(proof),
          signedAt,
          nonce,
        },
      }),
    });
    return client;
  }

  /** Resolves with the first answer's payload. */
  async request(method: string, params: JsonObject): Promise<JsonObject> {
    const id = `${++this.#requests}`;
    const answered = once(this.#arrivals, id);
    this.#socket.send(JSON.stringify({ type: "req", id, method, params }));
    const [{ ok, payload, error }] = await answered;
    if (!ok) throw new Error(`${method} was refused: ${JSON.stringify(error)}`);
    return payload;
  }

  /** Resolves with the first event, past or to come, that matches. */
  async event(matches: (event: EventFrame) => boolean): Promise<EventFrame> {
    for (;;) {
      const found = this.events.find(matches);
      if (found) return found;
      await once(this.#arrivals, "event");
    }
  }

  close(): void {
    this.#socket.terminate();
  }
}
