import { randomUUID } from "node:crypto";
import { type Artifact, discardUpload, encodeArtifact } from "./artifact.ts";
import { encodeCallback, type Message } from "./callback.ts";
import { anySignal } from "./clock.ts";
import { CallbackError } from "./errors.ts";
import type { MessageEnd } from "./messages.ts";
import { Outbox, type ReportResult } from "./outbox.ts";
import { Sender, type TransportOptions } from "./sender.ts";
import { Redelivery } from "./spool/redelivery.ts";
import { defaultSpoolFolder, Spool } from "./spool/spool.ts";
import { type Identity, type IdentityOptions, resolveIdentity, serverOf } from "./target.ts";
import { dispatchOf } from "./upload.ts";
import type { CallbackBody, Entry, JsonObject, PermissionRequest, Usage } from "./wire.ts";

/** How a reporter is made. What is absent comes from the environment or has the default named here. */
export interface ReporterOptions extends IdentityOptions, TransportOptions {
  /**
   * Where undelivered callbacks survive the agent: a folder, `true` for `~/.mission-control/spool` (default), or
   * `false` for memory alone.
   */
  spool?: boolean | string | undefined;
  /** Progress reports that may wait for delivery before some between the first and the last are left out. Default 100. */
  maxPending?: number | undefined;
  /** How often what waits in the spool is tried again while this reporter is open, in milliseconds. Default 10,000. */
  redeliveryMs?: number | undefined;
  /** Ends every wait. What was not delivered stays in the spool. */
  signal?: AbortSignal | undefined;
  /** Called for every callback that was not delivered. Default: a process warning. */
  onFailure?: ((error: CallbackError) => void) | undefined;
  /** Called when something else is not as it should be, e.g. the spool cannot be written. Default: a process warning. */
  onWarning?: ((message: string) => void) | undefined;
}

/** What may go with any report. */
export interface ReportOptions {
  /** Anything more to keep with the event; the callback as a whole may be 256 KiB. */
  data?: JsonObject | undefined;
  /** What the attempt has used so far, in total. */
  usage?: Usage | undefined;
  /** Drops this callback when aborted before it is delivered; one that waits in line is dropped at its turn. */
  signal?: AbortSignal | undefined;
}

/** What may go with a report of progress. */
export interface ProgressOptions extends ReportOptions {
  /** How far the work is, from 0 to 1. */
  progress?: number | undefined;
  /** What the agent said or did, for the transcript. Never left out, however busy the line is. */
  entry?: Entry | undefined;
}

/**
 * Speaks for an agent about one dispatch. Made by {@link createReporter}.
 *
 * Each report resolves once Mission Control has stored it, or once newer progress made it needless, and rejects with a
 * `CallbackError` whose `code` says why it was not stored. What was `undeliverable` is kept in the spool, where there is
 * one, and is sent later.
 */
export interface Reporter {
  readonly taskId: string;
  readonly dispatchId: string | undefined;
  /** Whether `complete` or `fail` was called, here or by an earlier run whose report still waits in the spool. */
  readonly ended: boolean;
  /** Says what the agent is doing. `progress` is a number from 0 to 1. */
  progress(message: string, options?: ProgressOptions): Promise<ReportResult>;
  /** Adds to the transcript what the agent said or did; the task's card shows what of it fits a line. */
  entry(entry: Entry, options?: Omit<ProgressOptions, "entry">): Promise<ReportResult>;
  /** Ends the attempt with its result. */
  complete(summary?: string, data?: JsonObject, options?: Omit<ReportOptions, "data">): Promise<ReportResult>;
  /** Ends the attempt with what went wrong, and the last state it reached. */
  fail(error: unknown, options?: ReportOptions & { lastState?: string | undefined }): Promise<ReportResult>;
  /** Asks the operator. The answer comes to the agent's server. */
  permission(
    request: PermissionRequest,
    options?: ReportOptions & { message?: string | undefined },
  ): Promise<ReportResult>;
  /**
   * Says what became of a message of the operator that the agent has: it works with it now, or will not, and why.
   * Never left out for newer progress.
   */
  message(messageId: string, end: MessageEnd): Promise<ReportResult>;
  /**
   * Leaves a file behind, such as a patch or a report: in a callback up to its 256 KiB, larger ones by an upload, which
   * only a dispatch's own callback URL takes. The file is read at once; what is uploaded from a path has to stay there
   * until this is settled, and is refused where it was changed since.
   */
  artifact(artifact: Artifact, options?: Pick<ReportOptions, "signal">): Promise<ReportResult>;
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
 * returned promise may be left alone: its failure is then passed to `onFailure` and ends nothing.
 * @throws ConfigurationError
 */
export function createReporter(options: ReporterOptions = {}): Reporter {
  return new DispatchReporter(options);
}

/** The spool that options name, if any. */
export function spoolOf({ spool = true, env }: Pick<ReporterOptions, "spool" | "env">): Spool | undefined {
  if (spool === false) return undefined;
  return new Spool(spool === true ? defaultSpoolFolder(env) : spool);
}

/** The {@link Reporter} that sends over HTTP, by way of an outbox and the spool. */
export class DispatchReporter implements Reporter {
  readonly taskId: string;
  readonly dispatchId: string | undefined;
  readonly #identity: Identity;
  readonly #options: ReporterOptions;
  readonly #sender: Sender;
  readonly #spool: Spool | undefined;
  readonly #outbox: Outbox;
  #ended = false;
  #closed = false;
  /** Its own, unless it is one of many that share one. */
  readonly #redelivery: Redelivery | undefined;
  #wasSeen = false;

  /** @param shared `true` when what waits in the spool is seen to by somebody else */
  constructor(options: ReporterOptions, shared = false) {
    const identity = resolveIdentity(options);
    const { maxPending = 100, signal, onWarning = warn } = options;
    this.taskId = identity.taskId;
    this.dispatchId = identity.dispatchId;
    this.#identity = identity;
    this.#options = options;
    this.#sender = new Sender(options);
    this.#spool = spoolOf(options);
    this.#outbox = new Outbox({
      target: identity.target,
      taskId: identity.taskId,
      sender: this.#sender,
      spool: this.#spool,
      maxPending,
      signal,
      onWarning,
    });
    if (this.#spool && !shared) this.#redelivery = this.#redeliver(this.#spool, onWarning);
  }

  get ended(): boolean {
    return this.#ended || this.#leftEnd();
  }

  progress(message: string, options: ProgressOptions = {}): Promise<ReportResult> {
    const { data, usage, progress, entry, signal } = options;
    return this.#send({ type: "progress", message, progress, data, usage, entry }, signal);
  }

  entry(entry: Entry, options: Omit<ProgressOptions, "entry"> = {}): Promise<ReportResult> {
    const { data, usage, progress, signal } = options;
    return this.#send({ type: "progress", progress, data, usage, entry }, signal);
  }

  complete(
    summary?: string,
    data?: JsonObject,
    options: Omit<ReportOptions, "data"> = {},
  ): Promise<ReportResult> {
    this.#ended = true;
    return this.#send({ type: "complete", summary, data, usage: options.usage }, options.signal);
  }

  fail(
    error: unknown,
    options: ReportOptions & { lastState?: string | undefined } = {},
  ): Promise<ReportResult> {
    const { data, usage, lastState, signal } = options;
    this.#ended = true;
    const words =
      (error instanceof Error ? error.message : String(error)) || "The agent failed without a reason.";
    return this.#send({ type: "error", error: words, lastState, data, usage }, signal);
  }

  permission(
    request: PermissionRequest,
    options: ReportOptions & { message?: string | undefined } = {},
  ): Promise<ReportResult> {
    const { data, usage, message, signal } = options;
    return this.#send({ type: "permission", request, message, data, usage }, signal);
  }

  message(messageId: string, end: MessageEnd): Promise<ReportResult> {
    const { state, ...reason } = end;
    const data = { messageId, messageState: state, ...reason };
    return this.#send({ type: "progress", data }, undefined);
  }

  artifact(artifact: Artifact, options: Pick<ReportOptions, "signal"> = {}): Promise<ReportResult> {
    let message: Message | undefined;
    try {
      message = encodeArtifact(this.#identified(), artifact, this.#spool?.folder);
      if (message.upload && dispatchOf(this.#identity.target.url) === "") throw new Error(NEEDS_OWN_URL);
    } catch (error) {
      if (message) discardUpload(message);
      const reason = error instanceof Error ? error.message : String(error);
      const words = `The artifact "${artifact.name}" was not sent: ${reason}`;
      return this.#settled(Promise.reject(new CallbackError("refused", words, { cause: error })));
    }
    return this.#post(message, options.signal);
  }

  async flush(): Promise<void> {
    await this.#outbox.idle();
  }

  async close(signal?: AbortSignal): Promise<void> {
    this.#closed = true;
    const stop = () => void this.#outbox.abort();
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
    await this.#outbox.idle();
    await this.#redelivery?.close(anySignal(signal, this.#options.signal));
    signal?.removeEventListener("abort", stop);
  }

  #send(
    report: Omit<CallbackBody, "id" | "taskId" | "agentId" | "dispatchId" | "timestamp">,
    signal: AbortSignal | undefined,
  ): Promise<ReportResult> {
    const { timestamp, ...identified } = this.#identified();
    return this.#post(encodeCallback({ ...identified, ...report, timestamp }), signal);
  }

  /** What every callback begins with. */
  #identified(): Omit<CallbackBody, "type"> {
    const { taskId, agentId, dispatchId } = this.#identity;
    const timestamp = new Date(this.#sender.clock.now()).toISOString();
    return { id: `msg_${randomUUID()}`, taskId, agentId, dispatchId, timestamp };
  }

  #post(message: Message, signal: AbortSignal | undefined): Promise<ReportResult> {
    if (!this.#closed) return this.#settled(this.#outbox.send(message, signal));
    discardUpload(message);
    const words = `The reporter is closed; the ${message.type} was not sent.`;
    return this.#settled(Promise.reject(new CallbackError("closed", words)));
  }

  /** The same promise, which may be left alone: what comes of it is seen to. */
  #settled(sent: Promise<ReportResult>): Promise<ReportResult> {
    sent.then(
      (result) => {
        // The server is there: a good moment for what other runs left behind.
        if (result.outcome === "stored" && !this.#wasSeen) this.#redelivery?.wake();
        this.#wasSeen ||= result.outcome === "stored";
      },
      (error) => this.#reportFailure(error),
    );
    return sent;
  }

  #reportFailure(error: CallbackError): void {
    if (error.code === "undeliverable") this.#redelivery?.start({ delayed: true });
    (this.#options.onFailure ?? ((failure) => warn(failure.message)))(error);
  }

  #redeliver(spool: Spool, onWarning: (message: string) => void): Redelivery {
    const { url, secret } = this.#identity.target;
    const redelivery = new Redelivery({
      spool,
      transport: this.#options,
      circuits: new Map([[serverOf(url), this.#sender.circuit]]),
      sharedSecret: (other) => (other === url ? secret : undefined),
      intervalMs: this.#options.redeliveryMs,
      onWarning,
    });
    redelivery.start({ delayed: true });
    return redelivery;
  }

  #leftEnd(): boolean {
    try {
      return this.#spool?.holdsEnd(this.#outbox.key) ?? false;
    } catch {
      return false; // What is wrong with the spool is told where it is written.
    }
  }
}

const NEEDS_OWN_URL =
  "it is too large for a callback, and the shared callback URL takes no uploads: report to the dispatch's own.";

/** Where warnings go unless told otherwise. */
export function warn(message: string): void {
  process.emitWarning(message, "MissionControlWarning");
}
