import { type Problem, problemSchema } from "@mission-control/protocol";
import { explainNetworkError } from "@mission-control/protocol/network-errors";
import type { z } from "zod";
import { CommandError } from "../terminal/command-error.ts";

/** How long one call may take, in milliseconds. */
const CALL_TIMEOUT_MS = 60_000;

/** The server refused a call; the message is what it said. What it cannot read, the command was given wrongly. */
export class ApiError extends CommandError {
  override name = "ApiError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message, status === 400 ? 2 : 1);
    this.status = status;
  }
}

/** Calls the REST API with the administrator's token. */
export class ApiClient {
  readonly url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.url = url;
    this.#token = token;
  }

  get headers(): Record<string, string> {
    return { Authorization: `Bearer ${this.#token}` };
  }

  get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> {
    return this.#call("GET", path, undefined, schema);
  }

  async delete(path: string): Promise<void> {
    const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
    const { status } = await this.#send("DELETE", path, undefined, signal);
    if (status !== 204) throw somethingElse(this.url);
  }

  /** @param timeoutMs how long it may take, in milliseconds; default a minute */
  post<Schema extends z.ZodType>(
    path: string,
    body: object,
    schema: Schema,
    timeoutMs = CALL_TIMEOUT_MS,
  ): Promise<z.output<Schema>> {
    return this.#call("POST", path, body, schema, timeoutMs);
  }

  /** @param headers beside those of every call, such as `If-Match` */
  patch<Schema extends z.ZodType>(
    path: string,
    body: object,
    schema: Schema,
    headers: Record<string, string> = {},
  ): Promise<z.output<Schema>> {
    return this.#call("PATCH", path, body, schema, CALL_TIMEOUT_MS, headers);
  }

  /** The bytes at an address; their beginning has to come in time, the rest may take as long as it takes. */
  async download(path: string): Promise<ReadableStream<Uint8Array>> {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), CALL_TIMEOUT_MS);
    const response = await this.#send("GET", path, undefined, patience.signal).finally(() =>
      clearTimeout(timer),
    );
    return response.body ?? new ReadableStream();
  }

  async #call<Schema extends z.ZodType>(
    method: string,
    path: string,
    body: object | undefined,
    schema: Schema,
    timeoutMs = CALL_TIMEOUT_MS,
    headers: Record<string, string> = {},
  ): Promise<z.output<Schema>> {
    const response = await this.#send(method, path, body, AbortSignal.timeout(timeoutMs), headers);
    return readAnswer(this.url, response, schema);
  }

  async #send(
    method: string,
    path: string,
    body: object | undefined,
    signal: AbortSignal,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const response = await fetch(this.url + path, {
      method,
      headers: { ...this.headers, ...headers, ...(body && { "Content-Type": "application/json" }) },
      body: body ? JSON.stringify(body) : null,
      redirect: "manual",
      signal,
    }).catch((error: unknown) => {
      throw new CommandError(
        `No answer from ${this.url}: ${explainNetworkError(error)}. Is the server running?`,
      );
    });
    if (!response.ok) throw await refusal(this.url, response);
    return response;
  }
}

/**
 * What a server answered.
 * @param url the server's, as it was given
 * @throws CommandError when it is not what Mission Control answers
 */
export async function readAnswer<Schema extends z.ZodType>(
  url: string,
  response: Response,
  schema: Schema,
): Promise<z.output<Schema>> {
  const answer = schema.safeParse(await response.json().catch(() => undefined));
  if (!answer.success) throw somethingElse(url);
  return answer.data;
}

export function somethingElse(url: string): CommandError {
  return new CommandError(`${url} answered something else than Mission Control would: check --url.`);
}

/**
 * The error that a refused answer stands for.
 * @param url the server's, as it was given
 */
export async function refusal(url: string, response: Response): Promise<ApiError> {
  const { status, headers } = response;
  const problem = parseProblem(await response.text().catch(() => ""));
  const location = headers.get("location");
  if (status === 401) {
    return new ApiError(
      401,
      "The server does not know this token: pass --token, or set MISSION_CONTROL_TOKEN.",
    );
  }
  const said = problem?.detail ?? problem?.title;
  if (said !== undefined) return new ApiError(status, said);
  // A token is not sent on to wherever an answer points.
  if (location !== null) return new ApiError(status, `${url} redirects to ${location}: check --url.`);
  return new ApiError(status, `${url} answered HTTP ${status}, not as Mission Control would: check --url.`);
}

function parseProblem(text: string): Problem | null {
  try {
    return problemSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
