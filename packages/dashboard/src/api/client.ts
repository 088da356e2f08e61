import type { Problem } from "@mission-control/protocol";
import { text } from "../text/text.ts";
import { ApiError } from "./api-error.ts";
import { basePath } from "./base-path.ts";
import { sessionHeaders, sessionKey } from "./session-key.ts";

/** A call to the server's API. */
export interface ApiCall {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** From `/api` on, with its query. */
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Goes on when the page goes away; then nobody gets the answer. */
  keepalive?: boolean;
}

/** What a client tells about its calls. */
export interface ApiObserver {
  /** An answer came; `date` is the server's clock to the second. */
  onAnswer(date: string | null, sentAt: number, receivedAt: number): void;
  /** The session is over (or there never was one). */
  onSignedOut(): void;
}

/** Talks JSON to the server with the session's cookie and key. */
export class ApiClient {
  readonly #observer: ApiObserver;

  constructor(observer: ApiObserver) {
    this.#observer = observer;
  }

  get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
    return this.call<Answer>({ method: "GET", path }, signal);
  }

  /** @throws ApiError when there is no answer, or one that refuses */
  async call<Answer>(call: ApiCall, signal?: AbortSignal): Promise<Answer> {
    const response = await this.request(call, signal);
    if (response.status === 204) return undefined as Answer;
    const body = await response.text();
    return (body === "" ? undefined : JSON.parse(body)) as Answer;
  }

  /** The plain response of a call that was not refused. */
  async request(call: ApiCall, signal?: AbortSignal): Promise<Response> {
    const sentAt = Date.now();
    let response: Response;
    try {
      response = await fetch(basePath() + call.path, {
        method: call.method,
        keepalive: call.keepalive ?? false,
        credentials: "same-origin",
        headers: {
          accept: "application/json",
          ...(call.body === undefined ? {} : { "content-type": "application/json" }),
          ...sessionHeaders(sessionKey()),
          ...call.headers,
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError(text.error.unreachable, 0, null, null);
    }
    this.#observer.onAnswer(response.headers.get("date"), sentAt, Date.now());
    if (response.ok) return response;
    if (response.status === 401) this.#observer.onSignedOut();
    throw await refusal(response);
  }
}

async function refusal(response: Response): Promise<ApiError> {
  const requestId = response.headers.get("x-request-id");
  const problem = await readProblem(response);
  const fields = problem?.errors?.map(({ path, message }) => (path ? `${path}: ${message}` : message));
  const words = fields?.length ? fields.join("; ") : (problem?.detail ?? problem?.title);
  return new ApiError(words ?? text.error.status(response.status), response.status, problem, requestId);
}

async function readProblem(response: Response): Promise<Problem | null> {
  try {
    const body: unknown = await response.json();
    return typeof body === "object" && body !== null ? (body as Problem) : null;
  } catch {
    return null;
  }
}
