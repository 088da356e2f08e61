import type { AgentServerOptions } from "./agent-server.ts";
import { Circuit } from "./circuit.ts";
import { systemClock } from "./clock.ts";
import { parseDispatch, parseMessage, parsePermissionAnswer } from "./dispatch.ts";
import type { HttpRequest, HttpResponse } from "./http.ts";
import { spoolOf, warn } from "./reporter.ts";
import { Run } from "./run.ts";
import { agentRequestId, STANDARD_HEADERS, secretKey, verifyStandard } from "./signing.ts";
import { Redelivery } from "./spool/redelivery.ts";
import type { Spool } from "./spool/spool.ts";
import { serverOf } from "./target.ts";

const METHODS = ["POST", "DELETE", "HEAD"];
/** How many ended dispatches are remembered, so that a late repeat does not run again; as many cancelled ones. */
const REMEMBERED = 10_000;

/**
 * Takes Mission Control's requests to one HTTP agent, whatever brought them, and holds its runs: verified, told apart by
 * their paths, each dispatch run once (docs/contract.md, section 3).
 */
export class Receiver {
  readonly #options: AgentServerOptions;
  readonly #keys: Buffer[];
  readonly #circuits = new Map<string, Circuit>();
  readonly #spool: Spool | undefined;
  readonly #redelivery: Redelivery | undefined;
  readonly #runs = new Map<string, { run: Run; done: Promise<void> }>();
  readonly #ended = new Set<string>();
  /** Cancelled though they were never seen here. */
  readonly #cancelledUnseen = new Set<string>();
  #closing = false;

  constructor(options: AgentServerOptions) {
    this.#options = options;
    this.#keys = [options.secret].flat().map(secretKey);
    const { reporter = {} } = options;
    this.#spool = spoolOf(reporter);
    if (!this.#spool) return;
    this.#redelivery = new Redelivery({
      spool: this.#spool,
      transport: reporter,
      circuits: this.#circuits,
      intervalMs: reporter.redeliveryMs,
      onWarning: reporter.onWarning ?? warn,
    });
    this.#redelivery.start({ always: true });
  }

  get running(): string[] {
    return [...this.#runs.keys()];
  }

  receive({ method, path, headers, body }: HttpRequest): HttpResponse | Promise<HttpResponse> {
    if (body === undefined) return problem(413, "The body is too large.");
    if (!METHODS.includes(method)) {
      return {
        ...problem(405, "Send dispatches with POST, cancel them with DELETE."),
        headers: { allow: METHODS.join(", ") },
      };
    }
    const delivery = {
      id: headers(STANDARD_HEADERS.id),
      timestamp: headers(STANDARD_HEADERS.timestamp),
      signature: headers(STANDARD_HEADERS.signature),
      body,
    };
    const now = (this.#options.reporter?.clock ?? systemClock).now();
    if (!verifyStandard(this.#keys, delivery, Math.floor(now / 1000))) {
      return problem(401, "The signature is missing or wrong, or its timestamp is too far off.");
    }
    this.#redelivery?.serverSeen();
    return this.#route({ method, path, id: delivery.id ?? "", text: body.toString("utf8") });
  }

  /**
   * What a verified request asks for. The signature covers the `webhook-id` and not the path: the id must name what is
   * in the path, or a request that was captured could be sent again to another one.
   */
  #route({
    method,
    path,
    id,
    text,
  }: {
    method: string;
    path: string;
    id: string;
    text: string;
  }): HttpResponse | Promise<HttpResponse> {
    const segments = path.split("/").filter(Boolean).map(decodeSegment);
    const last = segments.at(-1) ?? "";
    if (method === "HEAD")
      return id.endsWith(agentRequestId.probe("")) ? json(200, { ok: true }) : misdirected();
    if (method === "DELETE") return id === agentRequestId.cancel(last) ? this.#cancel(last) : misdirected();
    // An agent may itself stand at a path that ends so, and be sent dispatches there.
    const written = last === "messages" ? segments.at(-2) : undefined;
    if (written !== undefined && (id.startsWith(agentRequestId.message(written, "")) || parseMessage(text))) {
      return this.#message(written, id, text);
    }
    if (segments.at(-2) !== "permissions") return this.#dispatch(text, id);
    const dispatchId = segments.at(-3) ?? "";
    if (id !== agentRequestId.permission(dispatchId, last)) return misdirected();
    return this.#answer(dispatchId, last, text);
  }

  async close(signal?: AbortSignal): Promise<void> {
    this.#closing = true;
    const runs = [...this.#runs.values()];
    for (const { run } of runs) run.cancel("closing");
    const abandon = () => {
      for (const { run } of runs) run.abandon();
    };
    if (signal?.aborted) abandon();
    signal?.addEventListener("abort", abandon, { once: true });
    await Promise.all(runs.map(({ done }) => done));
    signal?.removeEventListener("abort", abandon);
    await this.#redelivery?.close(AbortSignal.abort());
  }

  #dispatch(body: string, webhookId: string): HttpResponse {
    const dispatch = parseDispatch(body);
    if (typeof dispatch === "string") return problem(400, dispatch);
    const id = dispatch.dispatchId;
    if (id !== webhookId) return misdirected();
    if (this.#cancelledUnseen.has(id)) {
      return json(200, { accepted: false, reason: "The dispatch was cancelled before it came." });
    }
    if (this.#runs.has(id) || this.#ended.has(id)) return json(200, { accepted: true, duplicate: true });
    if (this.#closing) {
      return { ...problem(503, "This agent is shutting down."), headers: { "retry-after": "5" } };
    }
    const reason = this.#options.refuse?.(dispatch) ?? this.#spool?.refusal();
    if (reason !== undefined) return json(200, { accepted: false, reason });
    let run: Run;
    try {
      run = new Run(dispatch, {
        ...this.#options.reporter,
        circuit: this.#circuitFor(dispatch.callback.url),
      });
    } catch (error) {
      return problem(400, error instanceof Error ? error.message : String(error));
    }
    const done = run.start(this.#options.onDispatch).finally(() => this.#forget(id));
    this.#runs.set(id, { run, done });
    return json(202, { accepted: true });
  }

  #cancel(id: string): HttpResponse {
    const running = this.#runs.get(id);
    if (!running) {
      // It may still be on its way: that it does not run is true only if it is not taken any more.
      if (!this.#ended.has(id)) remember(this.#cancelledUnseen, id);
      return json(200, { ok: true });
    }
    running.run.cancel("cancelled");
    this.#options.onCancel?.(running.run.dispatch);
    return json(200, { ok: true });
  }

  #answer(id: string, requestId: string, body: string): HttpResponse {
    const answer = parsePermissionAnswer(body);
    if (!answer) return problem(400, "optionId is missing, and so are values.");
    const { optionId = "", values } = answer;
    const run = this.#runs.get(id)?.run;
    const taken =
      run &&
      (run.answer(requestId, answer) ||
        this.#options.onPermissionAnswer?.(run.dispatch, requestId, optionId, values));
    return taken ? json(200, { ok: true }) : problem(404, `No request "${requestId}" is open.`);
  }

  async #message(id: string, webhookId: string, body: string): Promise<HttpResponse> {
    const message = parseMessage(body);
    if (!message)
      return problem(
        400,
        "The message needs an id, a text, and a mode: steer, next or interrupt; attachments are a list of files.",
      );
    if (webhookId !== agentRequestId.message(id, message.id)) return misdirected();
    const run = this.#runs.get(id)?.run;
    if (!run) return problem(404, "This agent does not work on the dispatch.");
    const { onMessage } = this.#options;
    const answer = await run.takeMessage(message, onMessage && ((one) => onMessage(run.dispatch, one)));
    if (!answer) return problem(501, "This agent takes no messages.");
    if (answer.state === "refused") return problem(409, answer.reason);
    // That it has the files, too: an agent that knows of none does not say so.
    const { attachments } = message;
    return json(200, attachments ? { ...answer, attachments: attachments.length } : answer);
  }

  #forget(id: string): void {
    this.#runs.delete(id);
    remember(this.#ended, id);
  }

  /** Runs that report to one server share what they learn of it. */
  #circuitFor(url: string): Circuit {
    const given = this.#options.reporter?.circuit;
    if (given) return given;
    const server = serverOf(url);
    const circuit = this.#circuits.get(server) ?? new Circuit(this.#options.reporter);
    this.#circuits.set(server, circuit);
    return circuit;
  }
}

/** Adds an id to a memory of the last ones. */
function remember(ids: Set<string>, id: string): void {
  ids.add(id);
  const [oldest] = ids;
  if (ids.size > REMEMBERED && oldest !== undefined) ids.delete(oldest);
}

function misdirected(): HttpResponse {
  return problem(401, "The webhook-id is not the one that belongs to this path.");
}

function json(status: number, value: object): HttpResponse {
  return { status, body: JSON.stringify(value), headers: {} };
}

function problem(status: number, detail: string): HttpResponse {
  return { status, body: JSON.stringify({ status, detail }), headers: {} };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
