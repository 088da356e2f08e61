/** How long one call may take, in milliseconds. */
const TIMEOUT_MS = 30_000;

/** Mission Control did not take the agent; the message says why. */
export class RegistrationError extends Error {
  override name = "RegistrationError";
  readonly code = "registration";
}

export interface AgentSettings {
  name: string;
  capabilities: string[];
  concurrency: number;
  /** Where the agent listens. */
  url: string;
}

/** What a runner looks at of an agent that it does not know. */
export interface NamedAgent {
  id: string;
  name: string;
  endpoint: { kind: string; url?: string };
}

/** The few calls of the REST API that a runner needs (docs/contract.md, section 2). */
export class MissionControl {
  readonly #url: string;
  readonly #token: string;
  readonly #timeoutMs: number;

  /**
   * @param url the server's base URL
   * @param token the administrator's bearer token
   * @param timeoutMs how long one call may take, in milliseconds
   */
  constructor(url: string, token: string, timeoutMs = TIMEOUT_MS) {
    this.#url = url.replace(/\/+$/, "");
    this.#token = token;
    this.#timeoutMs = timeoutMs;
  }

  /** @returns an agent that has this name; `undefined` where there is none */
  async agentNamed(name: string, signal?: AbortSignal): Promise<NamedAgent | undefined> {
    const { status, body } = await this.#call("GET", "/api/agents", undefined, signal);
    const { items } = body as { items?: NamedAgent[] };
    if (status !== 200 || !items) throw this.#refusal("The list of agents", status, body);
    return items.find((agent) => agent.name === name);
  }

  async createAgent(settings: AgentSettings, signal?: AbortSignal): Promise<{ id: string; secret: string }> {
    const { status, body } = await this.#call("POST", "/api/agents", toBody(settings), signal);
    const { id, secret } = body as { id?: string; secret?: string };
    if (status !== 201 || !id || !secret) throw this.#refusal(`The agent "${settings.name}"`, status, body);
    return { id, secret };
  }

  /** @returns whether there (still) is such an agent */
  async updateAgent(id: string, settings: AgentSettings, signal?: AbortSignal): Promise<boolean> {
    const { status, body } = await this.#call("PATCH", pathOf(id), toBody(settings), signal);
    if (status === 404) return false;
    if (status !== 200 || (body as { id?: string }).id !== id) {
      throw this.#refusal(`The agent "${settings.name}"`, status, body);
    }
    return true;
  }

  /** @returns the agent's name; `undefined` when there is (no longer) such an agent */
  async agentName(id: string, signal?: AbortSignal): Promise<string | undefined> {
    const { status, body } = await this.#call("GET", pathOf(id), undefined, signal);
    if (status === 404) return undefined;
    const { name } = body as { name?: string };
    if (status !== 200 || name === undefined) throw this.#refusal("The agent's record", status, body);
    return name;
  }

  async deleteAgent(id: string, signal?: AbortSignal): Promise<void> {
    const { status, body } = await this.#call("DELETE", pathOf(id), undefined, signal);
    if (status !== 204 && status !== 404) throw this.#refusal("The agent's removal", status, body);
  }

  async #call(method: string, path: string, value: object | undefined, signal: AbortSignal | undefined) {
    let response: Response;
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    try {
      response = await fetch(this.#url + path, {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(value && { "content-type": "application/json" }),
        },
        ...(value && { body: JSON.stringify(value) }),
        redirect: "manual",
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
    } catch (error) {
      signal?.throwIfAborted();
      const { cause } = error as { cause?: Error };
      const reason = timeout.aborted
        ? `no answer within ${this.#timeoutMs / 1000} s`
        : (cause?.message ?? error);
      throw new RegistrationError(`Mission Control cannot be reached at ${this.#url}: ${reason}`);
    }
    const body: unknown = await response.json().catch(() => null);
    return { status: response.status, body: body ?? {} };
  }

  #refusal(what: string, status: number, body: unknown): RegistrationError {
    if (status === 401) {
      return new RegistrationError(
        `Mission Control at ${this.#url} does not accept the token. Set MISSION_CONTROL_TOKEN.`,
      );
    }
    const { detail, title } = body as { detail?: string; title?: string };
    const said = detail ?? title;
    return new RegistrationError(
      said === undefined
        ? `${this.#url} answered HTTP ${status}, not as Mission Control would: check the server's address.`
        : `${what} was not taken: ${said}`,
    );
  }
}

function pathOf(agentId: string): string {
  return `/api/agents/${encodeURIComponent(agentId)}`;
}

function toBody({ url, ...rest }: AgentSettings): object {
  return { ...rest, endpoint: { kind: "http", url } };
}
