import type { IncomingMessage, ServerResponse } from "node:http";

/** What a client may go on sending after it was refused, so that it comes to read the refusal. */
const MAX_DROPPED_BYTES = 64 * 1024 * 1024;
/** How long it may pause meanwhile, and how long it may go on altogether, in milliseconds. */
const MAX_PAUSE_MS = 1000;
const MAX_MS = 10_000;

export interface EarlyAnswer {
  status: number;
  headers: readonly (readonly [name: string, value: string])[];
  body: string;
}

/**
 * Answers a request whose body will not be read. The whole answer is sent at once, but the connection is closed only
 * after the client stopped sending: closed earlier, it would be reset, and the answer lost with it.
 */
export function answerEarly(request: IncomingMessage, response: ServerResponse, answer: EarlyAnswer): void {
  if (response.destroyed) return;
  writeHead(response, answer);
  response.setHeader("Connection", "close");
  response.write(answer.body);
  let dropped = 0;
  const end = () => {
    clearTimeout(limit);
    response.end();
  };
  const limit = setTimeout(end, MAX_MS).unref();
  request
    .on("data", (bytes: Buffer) => {
      dropped += bytes.length;
      if (dropped > MAX_DROPPED_BYTES) end();
    })
    .setTimeout(MAX_PAUSE_MS, end)
    .once("end", end)
    .once("close", end)
    .resume();
}

/** Writes the status and headers of an answer, its length among them. */
export function writeHead(response: ServerResponse, { status, headers, body }: EarlyAnswer): void {
  response.statusCode = status;
  for (const [name, value] of headers) response.setHeader(name, value);
  // Never with a 204 (RFC 9110, section 8.6).
  if (status !== 204) response.setHeader("Content-Length", Buffer.byteLength(body));
}
