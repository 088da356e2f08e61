import { createHmac } from "node:crypto";
import { connect, type Socket } from "node:net";
import { serve } from "./channel.ts";
import type { Target } from "./sender-process.ts";

export interface OpenFlood {
  port: number;
  path: string;
  connections: number;
  /** The shared callback secret; absent: nothing is signed. */
  secret?: string | undefined;
  /** All callbacks are this one's. */
  target: Target;
}

/** How often each status was answered. */
export type FloodReport = Record<string, number>;

let sockets: Socket[] = [];
let made = 0;
let answers = new Map<string, number>();

const calls = {
  /** Sends callbacks from now on, over each connection as fast as it gets its answers, whatever they say. */
  async start(flood: OpenFlood): Promise<void> {
    answers = new Map();
    await Promise.all(Array.from({ length: flood.connections }, () => open(flood)));
  },

  /** Ends the flood. */
  async stop(): Promise<FloodReport> {
    for (const socket of sockets) socket.destroy();
    sockets = [];
    return Object.fromEntries(answers);
  },
};
export type FloodCalls = typeof calls;

async function open(flood: OpenFlood): Promise<void> {
  const socket = connect({ port: flood.port, host: "127.0.0.1", noDelay: true });
  sockets.push(socket);
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  let text = "";
  socket.on("data", (bytes: Buffer) => {
    text += bytes.toString("latin1");
    const headEnd = text.indexOf("\r\n\r\n");
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
    if (headEnd === -1 || text.length < headEnd + 4 + length) return;
    const status = text.slice("HTTP/1.1 ".length, "HTTP/1.1 ".length + 3);
    answers.set(status, (answers.get(status) ?? 0) + 1);
    text = "";
    socket.write(request(flood));
  });
  socket.on("error", () => socket.destroy());
  socket.write(request(flood));
}

function request({ port, path, secret, target }: OpenFlood): string {
  const timestamp = new Date().toISOString();
  const body = JSON.stringify({
    id: `flood-${++made}`,
    ...target,
    type: "progress",
    message: "flood",
    timestamp,
  });
  const signature = secret
    ? `X-Signature-SHA256: sha256=${createHmac("sha256", secret).update(body).digest("hex")}\r\n`
    : "";
  return (
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n` +
    `${signature}Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

serve(calls);
