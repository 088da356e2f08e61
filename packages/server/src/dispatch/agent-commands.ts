import { abortable, pause } from "../abortable.ts";
import type { MessageOutcome } from "../gateways/gateway.ts";
import type { Logger } from "../logger.ts";
import type { PendingCommand } from "../store/log-change.ts";

/** Commands that are delivered to an agent at the same time. As many failures end a round: the agent is not asked on and on. */
const AT_ONCE = 4;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** A command that cannot be delivered for so long is given up: the agent's run is over for us anyway. */
const GIVE_UP_AFTER_MS = 60 * 60_000;

/** What came of delivering a command to an agent. */
export type CommandOutcome =
  /** The agent took it, and did as it says; of a message, how far that has come. */
  | { kind: "done"; message?: Exclude<MessageOutcome, { state: "refused" }> }
  /** The agent will not do it, or could not be reached for too long. */
  | { kind: "refused"; reason: string }
  /** It need not be delivered any more. */
  | { kind: "withdrawn" };

export interface AgentCommandsOptions {
  logger: Logger;
  /** Delivers it once; rejects when that could not be done now. */
  deliver: (pending: PendingCommand, signal: AbortSignal) => Promise<CommandOutcome>;
  /** Writes what came of it, and that it is not pending any more; what rejects is delivered again. */
  settle: (pending: PendingCommand, outcome: CommandOutcome) => Promise<void>;
  signal: AbortSignal;
  /** Called at the moment nothing waits any more; what comes later is for another loop. */
  onEmpty: () => void;
  /** The pause after the first failed round, in milliseconds; default 1 s. */
  firstPauseMs?: number;
  /** How long a command is tried, in milliseconds; default an hour. */
  giveUpAfterMs?: number;
}

interface Waiting {
  pending: PendingCommand;
  giveUpAt: number;
}

/**
 * The commands pending for one agent, delivered in rounds: however much waits, it costs one loop, a few requests at a time,
 * and a line of log a round. The commands of one dispatch go out in order.
 */
export class AgentCommands {
  readonly #agentId: string;
  readonly #options: AgentCommandsOptions;
  /** By dispatch; what failed last stands last, so that one that is refused for ever holds nobody up. */
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #done = Promise.withResolvers<void>();
  /** What is being delivered now, by dispatch. */
  readonly #underWay = new Map<string, AbortController>();
  #pause: AbortController | null = null;
  /** Lets one more be delivered at the same time, while a round runs and has room. */
  #addWorker: (() => void) | null = null;
  #isStarted = false;

  constructor(agentId: string, options: AgentCommandsOptions) {
    this.#agentId = agentId;
    this.#options = options;
  }

  /** Resolves when nothing waits any more, or the signal was aborted and what was under way has ended. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /**
   * Adds a command, which ends a pause: what is new is tried at once. A cancel does not wait until its agent has answered
   * what was said to it before: that is looked at anew, and need not be said any more.
   */
  add(pending: PendingCommand): void {
    const { giveUpAfterMs = GIVE_UP_AFTER_MS } = this.#options;
    const waiting = { pending, giveUpAt: performance.now() + giveUpAfterMs };
    const queue = this.#waiting.get(pending.dispatchId);
    if (queue) queue.push(waiting);
    else this.#waiting.set(pending.dispatchId, [waiting]);
    if (pending.command.kind === "cancel") this.#underWay.get(pending.dispatchId)?.abort();
    this.#pause?.abort();
    this.#addWorker?.();
    if (this.#isStarted) return;
    this.#isStarted = true;
    void this.#run().finally(() => this.#done.resolve());
  }

  async #run(): Promise<void> {
    const { signal, onEmpty, firstPauseMs = FIRST_PAUSE_MS } = this.#options;
    for (
      let pauseMs = firstPauseMs;
      this.#waiting.size > 0;
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    ) {
      const { delivered, failure } = await this.#round();
      if (signal.aborted) return;
      if (failure === undefined) continue;
      await this.#giveUp(failure);
      if (delivered > 0) pauseMs = firstPauseMs;
      if (this.#waiting.size > 0) await this.#rest(pauseMs, failure);
    }
    onEmpty();
  }

  /** Delivers what waits, and what comes meanwhile, until all is delivered or too much of it failed. */
  async #round(): Promise<{ delivered: number; failure: string | undefined }> {
    const tried = new Set<string>();
    let delivered = 0;
    let failures = 0;
    let failure: string | undefined;
    let active = 0;
    const workers: Promise<void>[] = [];
    const worker = async () => {
      active++;
      for (const dispatchId of this.#waiting.keys()) {
        if (failures >= AT_ONCE || this.#options.signal.aborted) break;
        if (tried.has(dispatchId)) continue;
        tried.add(dispatchId);
        try {
          delivered += await this.#deliverAll(dispatchId);
          tried.delete(dispatchId);
        } catch (error) {
          failure = error instanceof Error ? error.message : String(error);
          failures++;
        }
      }
      active--;
    };
    this.#addWorker = () => {
      if (active < AT_ONCE) workers.push(worker());
    };
    for (let index = 0; index < AT_ONCE; index++) this.#addWorker();
    for (let one = workers.shift(); one; one = workers.shift()) await one;
    this.#addWorker = null;
    return { delivered, failure };
  }

  /** Delivers all commands of one dispatch, in order; returns how many commands that were. */
  async #deliverAll(dispatchId: string): Promise<number> {
    const { settle, signal } = this.#options;
    const queue = this.#waiting.get(dispatchId) ?? [];
    let delivered = 0;
    try {
      for (let first = queue[0]; first && !signal.aborted; first = queue[0]) {
        const outcome = await this.#deliver(first.pending);
        if (!outcome) continue;
        await settle(first.pending, outcome);
        queue.shift();
        delivered++;
      }
      return delivered;
    } finally {
      this.#waiting.delete(dispatchId);
      if (queue.length > 0) this.#waiting.set(dispatchId, queue);
    }
  }

  /** @returns null where it was overtaken by a cancel of its dispatch */
  async #deliver(pending: PendingCommand): Promise<CommandOutcome | null> {
    const { deliver, signal } = this.#options;
    const overtaken = new AbortController();
    const ended = AbortSignal.any([signal, overtaken.signal]);
    this.#underWay.set(pending.dispatchId, overtaken);
    try {
      return await abortable(deliver(pending, ended), ended);
    } catch (error) {
      if (signal.aborted || !overtaken.signal.aborted) throw error;
      return null;
    } finally {
      this.#underWay.delete(pending.dispatchId);
    }
  }

  /** Drops what was tried for too long. */
  async #giveUp(reason: string): Promise<void> {
    const { settle, logger } = this.#options;
    const now = performance.now();
    let commands = 0;
    for (const [dispatchId, queue] of this.#waiting) {
      for (let first = queue[0]; first && first.giveUpAt <= now; first = queue[0]) {
        try {
          await settle(first.pending, { kind: "refused", reason });
        } catch {
          // It stays in the store; the next round finds it, or the next start.
          break;
        }
        queue.shift();
        commands++;
      }
      if (queue.length === 0) this.#waiting.delete(dispatchId);
    }
    if (commands > 0)
      logger.error({ agentId: this.#agentId, commands, reason }, "gave up delivering commands to an agent");
  }

  async #rest(pauseMs: number, reason: string): Promise<void> {
    const { logger, signal } = this.#options;
    const fields = { agentId: this.#agentId, dispatches: this.#waiting.size, reason };
    logger.warn(fields, "commands could not be delivered to an agent; trying again");
    this.#pause = new AbortController();
    const ended = AbortSignal.any([signal, this.#pause.signal]);
    await pause(pauseMs * (0.5 + Math.random() / 2), ended);
    this.#pause = null;
  }
}
