import { randomUUID } from "node:crypto";
import { encodeCallback } from "./callback.ts";
import { CallbackError } from "./errors.ts";
import { Outbox, type Receipt } from "./outbox.ts";
import { Sender, type TransportOptions } from "./sender.ts";
import { flushSpool } from "./spool/flush.ts";
import { defaultSpoolFolder, Spool } from "./spool/spool.ts";
import { type Identity, type IdentityOptions, resolveIdentity } from "./target.ts";
import type { CallbackBody, JsonObject, PermissionRequest, Usage } from "./wire.ts";

export interface ReporterOptions extends IdentityOptions, TransportOptions {
  /**
   * Where undelivered callbacks survive the agent: a folder, `true` for `~/.mission-control/spool` (default), or
   * `false` for memory alone.
   */
  spool?: boolean | string | undefined;
  /** Progress reports that may wait for delivery before some between the first and the last are left out. Default 100. */
  maxPending?: number | undefined;
  /** Ends every wait. What was not delivered stays in the spool. */
  signal?: AbortSignal | undefined;
  /** Called for every callback that was not delivered. Default: a process warning. */
  onFailure?: ((error: CallbackError) => void) | undefined;
  /** Called when something else is not as it should be, e.g. the spool cannot be written. Default: a process warning. */
  onWarning?: ((message: string) => void) | undefined;
}

export interface ReportOptions {
  data?: JsonObject | undefined;
  /** What the attempt has used so far, in total. */
  usage?: Usage | undefined;
  /** Drops this callback when aborted before it is delivered; one that waits in line is dropped at its turn. */
  signal?: AbortSignal | undefined;
}

/** Speaks for an agent about one dispatch. Made by {@link createReporter}. */
export interface Reporter {
  readonly taskId: string;
  readonly dispatchId: string | undefined;
  /** Whether `complete` or `fail` was called. */
  readonly ended: boolean;
  /** Says what the agent is doing. `progress` is a number from 0 to 1. */
  progress(message: string, options?: ReportOptions & { progress?: number | undefined }): Promise<Receipt>;
  /** Ends the attempt with its result. */
  complete(summary?: string, data?: JsonObject, options?: Omit<ReportOptions, "data">): Promise<Receipt>;
  /** Ends the attempt with what went wrong, and the last state it reached. */
  fail(error: unknown, options?: ReportOptions & { lastState?: string | undefined }): Promise<Receipt>;
  /** Asks the operator. The answer comes to the agent's server. */
  permission(
    request: PermissionRequest,
    options?: ReportOptions & { message?: string | undefined },
  ): Promise<Receipt>;
  /** Resolves when nothing is on its way any more: delivered, refused, or kept in the spool. */
  flush(): Promise<void>;
  /** Takes no more callbacks and waits for those on their way; stops at once when the signal is aborted. */
  close(signal?: AbortSignal): Promise<void>;
}

/**
 * Makes the reporter of one dispatch, from options, from the payload the agent was handed (`dispatch`), or from the
 * environment (`MISSION_CONTROL_CALLBACK_URL`, `_SECRET`, `MISSION_CONTROL_TASK_ID`, `MISSION_CONTROL_AGENT_ID`).
 *
 * Callbacks go out in the order of the calls, one in flight, each tried by the contract's schedule with one id. A
 * returned promise may be left alone: its failure is then told to `onFailure` and ends nothing.
 * @throws ConfigurationError
 */
export function createReporter(options: ReporterOptions = {}): Reporter {
  return new DispatchReporter(resolveIdentity(options), options);
}

class DispatchReporter implements Reporter {
  readonly taskId: string;
  readonly dispatchId: string | undefined;
  readonly #identity: Identity;
  readonly #options: ReporterOptions;
  readonly #sender: Sender;
  readonly #spool: Spool | undefined;
  readonly #outbox: Outbox;
  #ended = false;
  #closed = false;
  #sweep: Promise<unknown> | undefined;
  readonly #stopSweep = new AbortController();

  constructor(identity: Identity, options: ReporterOptions) {
    const { spool = true, maxPending = 100, signal, onWarning = warn } = options;
    this.taskId = identity.taskId;
    this.dispatchId = identity.dispatchId;
    this.#identity = identity;
    this.#options = options;
    this.#sender = new Sender(options);
    if (spool !== false) this.#spool = new Spool(spool === true ? defaultSpoolFolder(options.env) : spool);
    this.#outbox = new Outbox({
      target: identity.target,
      taskId: identity.taskId,
      sender: this.#sender,
      spool: this.#spool,
      maxPending,
      signal,
      onWarning,
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  progress(
    message: string,
    options: ReportOptions & { progress?: number | undefined } = {},
  ): Promise<Receipt> {
    const { data, usage, progress, signal } = options;
    return this.#send({ type: "progress", message, progress, data, usage }, signal);
  }

  complete(summary?: string, data?: JsonObject, options: Omit<ReportOptions, "data"> = {}): Promise<Receipt> {
    this.#ended = true;
    return this.#send({ type: "complete", summary, data, usage: options.usage }, options.signal);
  }

  fail(error: unknown, options: ReportOptions & { lastState?: string | undefined } = {}): Promise<Receipt> {
    const { data, usage, lastState, signal } = options;
    this.#ended = true;
    const words =
      (error instanceof Error ? error.message : String(error)) || "The agent failed without a reason.";
    return this.#send({ type: "error", error: words, lastState, data, usage }, signal);
  }

  permission(
    request: PermissionRequest,
    options: ReportOptions & { message?: string | undefined } = {},
  ): Promise<Receipt> {
    const { data, usage, message, signal } = options;
    return this.#send({ type: "permission", request, message, data, usage }, signal);
  }

  async flush(): Promise<void> {
    await this.#outbox.idle();
  }

  async close(signal?: AbortSignal): Promise<void> {
    this.#closed = true;
    const stop = () => {
      this.#stopSweep.abort();
      void this.#outbox.abort();
    };
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
    await this.#outbox.idle();
    await this.#sweep;
    signal?.removeEventListener("abort", stop);
  }

  #send(
    report: Omit<CallbackBody, "id" | "taskId" | "agentId" | "dispatchId" | "timestamp">,
    signal: AbortSignal | undefined,
  ): Promise<Receipt> {
    const { taskId, agentId, dispatchId } = this.#identity;
    const id = `msg_${randomUUID()}`;
    const timestamp = new Date(this.#sender.clock.now()).toISOString();
    const message = encodeCallback({ id, taskId, agentId, dispatchId, ...report, timestamp });
    const sent = this.#closed
      ? Promise.reject(
          new CallbackError("closed", `The reporter is closed; the ${report.type} was not sent.`),
        )
      : this.#outbox.send(message, signal);
    sent.then(
      (receipt) => {
        if (receipt.outcome === "stored") this.#sweepOnce();
      },
      (error) => this.#reportFailure(error),
    );
    return sent;
  }

  #reportFailure(error: CallbackError): void {
    (this.#options.onFailure ?? ((failure) => warn(failure.message)))(error);
  }

  /** The server is there: a good moment to deliver what other runs left behind, one try each. */
  #sweepOnce(): void {
    if (!this.#spool || this.#sweep) return;
    const { onWarning = warn, signal } = this.#options;
    const { url, secret } = this.#identity.target;
    const stop = this.#stopSweep.signal;
    this.#sweep = flushSpool(this.#spool, {
      // Another server than this dispatch's may be meant, so not on this one's circuit.
      sender: new Sender({ ...this.#options, circuit: undefined }, []),
      except: this.#outbox.key,
      stopWhenDown: true,
      sharedSecret: (other) => (other === url ? secret : undefined),
      signal: signal ? AbortSignal.any([signal, stop]) : stop,
    }).then(
      ({ refused }) => refused.forEach(onWarning),
      (error) => onWarning(`What earlier runs left in the spool could not be delivered: ${String(error)}`),
    );
  }
}

function warn(message: string): void {
  process.emitWarning(message, "MissionControlWarning");
}
