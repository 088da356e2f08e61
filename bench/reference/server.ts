// R, the bare reference: node:http, the HMAC verified, nothing stored, one `res.write` per event and open stream.
// It shows what the runtime alone costs; the server is measured beside it in the same run.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

const secret = process.env.MISSION_CONTROL_WEBHOOK_SECRET ?? "";
const streams = new Set<ServerResponse>();
let lastId = 0;

const server = createServer((request, response) => {
  if (request.method === "GET") openStream(response);
  else takeCallback(request, response);
});

function openStream(response: ServerResponse): void {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  response.flushHeaders();
  streams.add(response);
  response.on("close", () => streams.delete(response));
}

function takeCallback(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    if (!verified(body, String(request.headers["x-signature-sha256"]))) {
      response.writeHead(401).end();
      return;
    }
    const callback = JSON.parse(body.toString());
    const id = ++lastId;
    const event = { ...callback, id, type: "activity", receivedAt: new Date().toISOString() };
    const frame = `id: ${id}\nevent: activity\ndata: ${JSON.stringify(event)}\n\n`;
    for (const stream of streams) stream.write(frame);
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ ok: true, eventId: id, duplicate: false, taskStatus: "in_progress" }));
  });
}

function verified(body: Buffer, signature: string): boolean {
  const expected = createHmac("sha256", secret).update(body).digest();
  const given = Buffer.from(signature.replace("sha256=", ""), "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

server.listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
});
