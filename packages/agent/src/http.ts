import type { IncomingMessage, ServerResponse } from "node:http";

/** A request, whatever it came in by. `body` is `undefined` when it was larger than allowed. */
export interface HttpRequest {
  method: string;
  path: string;
  headers: (name: string) => string | undefined;
  body: Buffer | undefined;
}

/** What is answered, by whichever of the two interfaces. */
export interface HttpResponse {
  status: number;
  /** JSON text. */
  body: string;
  headers: Record<string, string>;
}

/** Reads a `node:http` request. Rejects when the sender breaks off. */
export async function readNodeRequest(request: IncomingMessage, limit: number): Promise<HttpRequest> {
  return {
    method: request.method ?? "",
    path: (request.url ?? "").replace(/\?.*$/s, ""),
    headers: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    // Without destroyOnReturn a body that is too large would cost the sender its answer.
    body: await collect(request.iterator({ destroyOnReturn: false }), limit),
  };
}

/** Reads a Fetch request. */
export async function readRequest(request: Request, limit: number): Promise<HttpRequest> {
  return {
    method: request.method,
    path: new URL(request.url).pathname,
    headers: (name) => request.headers.get(name) ?? undefined,
    body: await collect(request.body ?? [], limit),
  };
}

/** Writes a response to `node:http`. One to a body that was too large ends the connection. */
export function sendNodeResponse(response: ServerResponse, answer: HttpResponse): void {
  const tooLarge = answer.status === 413;
  response.writeHead(answer.status, { ...headersOf(answer), ...(tooLarge && { connection: "close" }) });
  response.end(answer.body);
}

/** A response for Fetch. */
export function toResponse(answer: HttpResponse): Response {
  return new Response(answer.body, { status: answer.status, headers: headersOf(answer) });
}

function headersOf({ status, headers }: HttpResponse): Record<string, string> {
  return { "content-type": status < 400 ? "application/json" : "application/problem+json", ...headers };
}

async function collect(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limit: number,
): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
