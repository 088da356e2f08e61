import type { Artifact } from "./artifact.ts";
import { Circuit } from "./circuit.ts";
import { CallbackError, ConfigurationError } from "./errors.ts";
import { createReporter, type Reporter } from "./reporter.ts";
import { Sender, type TransportOptions } from "./sender.ts";
import { flushSpool } from "./spool/flush.ts";
import { defaultSpoolFolder, Spool } from "./spool/spool.ts";
import type { IdentityOptions } from "./target.ts";
import { timeoutSignal } from "./timers.ts";
import type { Entry, JsonObject, Usage } from "./wire.ts";

/** One report, as the command line gives it. */
export interface ReportCommand extends IdentityOptions, TransportOptions {
  type: "progress" | "complete" | "error" | "artifact";
  /** What the agent is doing, its result, or what went wrong. An entry, or an artifact, needs no words beside it. */
  text?: string | undefined;
  /** The file, with `artifact`. */
  artifact?: Artifact | undefined;
  /** 0 to 1, with `progress`. */
  progress?: number | undefined;
  /** With `progress`: what the agent said or did, for the transcript. */
  entry?: Entry | undefined;
  /** With `error`: the last state the agent reached. */
  lastState?: string | undefined;
  data?: JsonObject | undefined;
  usage?: Usage | undefined;
  /** The spool's folder; `false` for none. */
  spool?: string | boolean | undefined;
  /**
   * How long to try, in seconds. Default: 20 for progress, which should not hold up the work it reports, and the
   * whole schedule for the end of an attempt.
   */
  timeoutSeconds?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Called when something is not as it should be although the report may arrive, e.g. the spool cannot be written. */
  onWarning?: ((message: string) => void) | undefined;
}

/** What a command came to, ready to be printed: 0 done, 1 failed, 2 wrong use. */
export interface CommandResult {
  exitCode: 0 | 1 | 2;
  text: string;
  /** For `--json`. */
  data: JsonObject;
}

const PROGRESS_TIMEOUT_SECONDS = 20;

/** Sends one report for `mission-control report progress|complete|error`, after what earlier runs left unsent. */
export async function report(command: ReportCommand): Promise<CommandResult> {
  const seconds =
    command.timeoutSeconds ?? (command.type === "progress" ? PROGRESS_TIMEOUT_SECONDS : undefined);
  const timeout = seconds === undefined ? undefined : timeoutSignal(seconds * 1000);
  const signals = [command.signal, timeout].filter((signal) => signal !== undefined);
  try {
    const reporter = createReporter({
      ...command,
      signal: AbortSignal.any(signals),
      onFailure: () => {},
    });
    const result = await send(reporter, command);
    await reporter.close();
    const { outcome, ...rest } = result;
    const status = "taskStatus" in result && result.taskStatus ? `; the task is ${result.taskStatus}` : "";
    return { exitCode: 0, text: `Reported${status}.`, data: { ok: true, outcome, ...rest } };
  } catch (error) {
    if (error instanceof ConfigurationError || error instanceof RangeError) {
      return { exitCode: 2, text: error.message, data: { ok: false, code: "usage", error: error.message } };
    }
    if (!(error instanceof CallbackError)) throw error;
    const { code, message, status } = error;
    return {
      exitCode: 1,
      text: message,
      data: { ok: false, code, error: message, ...(status && { status }) },
    };
  }
}

function send(reporter: Reporter, command: ReportCommand) {
  const { type, text, progress, entry, lastState, data, usage, artifact } = command;
  if (type === "artifact") return reporter.artifact(artifact ?? { name: "" });
  if (type === "progress") {
    if (entry && text === undefined) return reporter.entry(entry, { progress, data, usage });
    return reporter.progress(text ?? "", { progress, entry, data, usage });
  }
  if (type === "complete") return reporter.complete(text, data, { usage });
  return reporter.fail(text, { lastState, data, usage });
}

/** The options of `flush`: which spool, and how to send. */
export interface FlushCommand extends TransportOptions {
  /** The shared callback URL and secret, for callbacks signed with it; or from the environment. */
  url?: string | undefined;
  secret?: string | undefined;
  env?: NodeJS.ProcessEnv | undefined;
  /** The spool's folder. */
  spool?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Waits between tries while someone looks on, in milliseconds. */
const FLUSH_WAITS = [250, 1000, 5000];

/** Delivers what earlier runs left in the spool, for `mission-control report --flush`. */
export async function flush(command: FlushCommand = {}): Promise<CommandResult> {
  const { env = process.env, signal } = command;
  const url = command.url ?? env.MISSION_CONTROL_CALLBACK_URL;
  const secret = command.secret ?? env.MISSION_CONTROL_CALLBACK_SECRET;
  const spool = new Spool(command.spool ?? defaultSpoolFolder(env));
  try {
    const broken = spool
      .broken()
      .map((path) => `${path} holds what could not be read: look at it, then delete it.`);
    const result = await flushSpool(spool, {
      sender: new Sender(
        { ...command, circuit: new Circuit({ threshold: Number.POSITIVE_INFINITY }) },
        FLUSH_WAITS,
      ),
      sharedSecret: (of) => (url === undefined || of === url ? secret : undefined),
      signal,
    });
    const { delivered, refused, waiting } = result;
    broken.push(...result.broken);
    const left = [...refused, ...waiting, ...broken];
    return {
      exitCode: left.length > 0 ? 1 : 0,
      text: [`Delivered ${delivered} callback(s).`, ...left].join("\n"),
      data: { ok: left.length === 0, delivered, refused, waiting, broken },
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const text = `The spool in ${spool.folder} cannot be delivered: ${reason}`;
    return { exitCode: 1, text, data: { ok: false, code: "spool", error: text } };
  }
}
