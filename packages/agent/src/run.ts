import { anySignal } from "./clock.ts";
import { CallbackError } from "./errors.ts";
import { type MessageAnswer, type MessageHandler, Messages } from "./messages.ts";
import { DispatchReporter, type Reporter, type ReporterOptions } from "./reporter.ts";
import { timeoutSignal } from "./timers.ts";
import type { AgentMessage, Dispatch, JsonObject, PermissionAnswer, PermissionRequest } from "./wire.ts";

/** How a question is asked: what ends the wait, and the words beside it. */
export interface AskOptions {
  signal?: AbortSignal;
  message?: string;
}

/** What a handler has at hand while it works on a dispatch. */
export interface RunContext {
  /** Speaks for this dispatch. */
  reporter: Reporter;
  /** Aborted when the operator cancels, or the agent server is closed. */
  signal: AbortSignal;
  /**
   * Asks the operator and waits for the option chosen. Rejects when `signal` (or the one given) is aborted; when the
   * one given ends the wait, e.g. `AbortSignal.timeout(60_000)`, the question is withdrawn. It rejects as well when the
   * request's own `expiresAt` has come.
   */
  ask(request: PermissionRequest, options?: AskOptions): Promise<string>;
  /** The same for a request with `fields`: waits for what they are filled in with, and for the option, if any. */
  askForm(request: PermissionRequest, options?: AskOptions): Promise<PermissionAnswer>;
  /**
   * Has what the operator writes to this dispatch given to a handler, each message once, instead of to the server's
   * `onMessage`. What the handler throws refuses the message; what becomes of one that it took, `reporter.message` says.
   */
  onMessage(handler: MessageHandler): void;
}

/** What a handler may return: the summary, or the summary with data. Nothing, if it reported the end itself. */
export type RunResult = string | { summary: string; data?: JsonObject } | undefined;

/** Does the work of one dispatch: what it returns completes the task, what it throws fails it. */
export type DispatchHandler = (
  dispatch: Dispatch,
  context: RunContext,
) => RunResult | Promise<RunResult> | Promise<void>;

/** Why a run's signal was aborted. */
export class RunCancelledError extends Error {
  override name = "RunCancelledError";
  /** `cancelled`: by the operator; `closing`: the agent server is being closed. */
  readonly code: "cancelled" | "closing";

  constructor(code: "cancelled" | "closing") {
    super(code === "cancelled" ? "The operator cancelled the dispatch." : "The agent is shutting down.");
    this.code = code;
  }
}

/** One dispatch being worked on: the handler, its reporter, its questions. */
export class Run {
  readonly dispatch: Dispatch;
  readonly #abort = new AbortController();
  readonly #abandon = new AbortController();
  readonly #reporter: Reporter;
  readonly #questions = new Map<string, (answer: PermissionAnswer) => void>();
  readonly #messages: Messages;
  #onMessage: MessageHandler | undefined;

  constructor(dispatch: Dispatch, options: Omit<ReporterOptions, "dispatch">) {
    this.dispatch = dispatch;
    // What runs leave in the spool is seen to by the agent server, for all of them.
    this.#reporter = new DispatchReporter({ ...options, dispatch, signal: this.#abandon.signal }, true);
    this.#messages = new Messages((messageId, end) => {
      if (this.#reporter.ended) return;
      this.#reporter.message(messageId, end).catch(() => {}); // `onFailure` is told.
    });
  }

  /** Runs the handler to its end and reports it. Never rejects. */
  async start(handler: DispatchHandler): Promise<void> {
    const { signal } = this.#abort;
    const reporter = this.#reporter;
    try {
      const context: RunContext = {
        reporter,
        signal,
        ask: async (request, options) => (await this.#ask(request, options)).optionId ?? "",
        askForm: (request, options) => this.#ask(request, options),
        onMessage: (handler) => {
          this.#onMessage = handler;
        },
      };
      const result = await handler(this.dispatch, context);
      if (!isCancelled(signal) && !reporter.ended) {
        const { summary, data } = typeof result === "object" ? result : { summary: result || undefined };
        await reporter.complete(summary, data);
      }
    } catch (error) {
      if (!reporter.ended && !isCancelled(signal)) await reporter.fail(error).catch(() => {});
    }
    await reporter.close();
  }

  /** Aborts the signal of the handler, which is expected to end soon; nothing more is reported after `cancelled`. */
  cancel(code: RunCancelledError["code"]): void {
    this.#abort.abort(new RunCancelledError(code));
  }

  /** Stops delivering; what is unsent stays in the spool. */
  abandon(): void {
    this.#abandon.abort();
  }

  /** @returns whether the question was open */
  answer(requestId: string, answer: PermissionAnswer): boolean {
    const resolve = this.#questions.get(requestId);
    resolve?.(answer);
    return this.#questions.delete(requestId);
  }

  /**
   * Gives a message to whoever takes them.
   * @param fallback for a run whose own handler takes none
   * @returns undefined when nobody does
   */
  takeMessage(message: AgentMessage, fallback?: MessageHandler): Promise<MessageAnswer> | undefined {
    const handler = this.#onMessage ?? fallback;
    return handler && this.#messages.take(message, handler);
  }

  async #ask(request: PermissionRequest, options: AskOptions = {}): Promise<PermissionAnswer> {
    const stopped = anySignal(this.#abort.signal, options.signal) ?? this.#abort.signal;
    // At that time the server takes the question back by itself.
    const { expiresAt } = request;
    const expiry = expiresAt === undefined ? undefined : timeoutSignal(Date.parse(expiresAt) - Date.now());
    const signal = anySignal(stopped, expiry) ?? stopped;
    signal.throwIfAborted();
    let onAbort = () => {};
    const answered = new Promise<PermissionAnswer>((resolve, reject) => {
      this.#questions.set(request.id, resolve);
      onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
    });
    answered.catch(() => {});
    try {
      await this.#reporter.permission(request, { message: options.message, signal: stopped });
      return await answered;
    } catch (error) {
      if (!signal.aborted) throw error;
      // A run that is over takes its questions with it; one that goes on has to.
      if (!this.#abort.signal.aborted && !expiry?.aborted) this.#withdraw(request, signal.reason);
      throw error instanceof CallbackError ? signal.reason : error;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#questions.delete(request.id);
    }
  }

  /** Takes a question back: a permission callback with its end in `data.state` (docs/protocol.md, "Callbacks"). */
  #withdraw(request: PermissionRequest, reason: unknown): void {
    const timedOut = reason instanceof Error && reason.name === "TimeoutError";
    const message = `${timedOut ? "Not answered in time" : "No longer asked"}: ${request.title}`;
    const data = { state: timedOut ? "timed_out" : "withdrawn" };
    this.#reporter.permission(request, { message, data }).catch(() => {}); // `onFailure` is told.
  }
}

function isCancelled(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason instanceof RunCancelledError && signal.reason.code === "cancelled";
}
