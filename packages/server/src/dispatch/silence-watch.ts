import type { AgentView, Silence, SilenceState } from "@mission-control/protocol";
import { pause } from "../abortable.ts";
import { LeasedWork } from "../leased-work.ts";
import type { Logger } from "../logger.ts";
import { summaryOf } from "../store/log-change.ts";
import { FencedError, type LeaseToken } from "../store/operations.ts";
import { Position } from "../store/position.ts";
import { type Lease, type LogEntry, type Store, StoreUnavailableError } from "../store/store.ts";
import { type Attempt, occupiesSlot } from "../tasks/task.ts";
import { type Patience, SilenceView, type Watched } from "./silence-view.ts";

/** The lease under which silence is announced: one node at a time does. */
const LEASE = "silence";
/** Between two looks at who is missed, in milliseconds: longest, and as a part of what agents are given. */
const LOOK_MS = 1000;
const LOOKS = 10;
const AFTER_ERROR_MS = 5000;
/** Tasks that are read at the same time, at the beginning. */
const AT_ONCE = 16;

export interface SilenceWatchOptions {
  store: Pick<Store, "lease" | "workInHand" | "follow" | "range" | "task" | "attempt" | "change">;
  agents: { get(id: string): Pick<AgentView, "status" | "statusReason"> | null };
  patience: Patience;
  logger: Logger;
  /** The clock that stamps events. */
  now: () => Date;
}

/**
 * Tells, in the log, that the agent of an attempt is missed: it has not said a first word, has said none for long, or
 * cannot be reached. One node does, under a lease, so that the card, the inbox and the stream have it from one place.
 * How long an agent was quiet is measured by a clock that never goes back, and only while somebody could hear it.
 */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  readonly #work: LeasedWork;

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
    const { store, logger } = options;
    this.#work = new LeasedWork({
      store,
      name: LEASE,
      work: (lease, signal) => this.#watch(lease, signal),
      failed: (error) => {
        // The store logs its own outages; and who has the lease now begins anew.
        const isNews = !(error instanceof FencedError || error instanceof StoreUnavailableError);
        if (isNews) logger.error({ err: error }, "who is silent could not be told");
      },
      pauseMs: AFTER_ERROR_MS,
    });
  }

  close(): Promise<void> {
    return this.#work.close();
  }

  async #watch({ token }: Lease, signal: AbortSignal): Promise<void> {
    const { store, patience } = this.#options;
    const { lastEventId, underWay } = await store.workInHand();
    const view = new SilenceView(patience);
    await this.#begin(view, underWay, signal);
    const position = new Position(lastEventId);
    const follow = (entries: readonly LogEntry[]) => {
      view.follow(entries, performance.now());
      position.moveTo(entries.at(-1)?.id ?? 0);
    };
    const follower = store.follow(lastEventId, follow, { inBatches: true });
    const lookMs = Math.min(LOOK_MS, patience.firstWordMs / LOOKS, patience.silentMs / LOOKS);
    try {
      while (!signal.aborted) {
        await this.#look(view, position, token, signal);
        await pause(lookMs, signal);
      }
    } finally {
      follower.close();
    }
  }

  /** Begins with what is under way, as its tasks show it. */
  async #begin(view: SilenceView, underWay: readonly Attempt[], signal: AbortSignal): Promise<void> {
    const { store, now } = this.#options;
    const attempts = underWay.filter(({ state }) => state !== "sending").values();
    const read = async () => {
      for (const attempt of attempts) {
        signal.throwIfAborted();
        const task = await store.task(attempt.taskId);
        if (task?.dispatchId !== attempt.id) continue;
        const since = task.lastWordAt ?? attempt.acceptedAt ?? attempt.sentAt ?? attempt.queuedAt;
        const quietMs = now().getTime() - Date.parse(since);
        view.begin(summaryOf(attempt), quietMs, task.silence?.state ?? null, performance.now());
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, read));
  }

  async #look(view: SilenceView, position: Position, token: LeaseToken, signal: AbortSignal): Promise<void> {
    const { agents, store } = this.#options;
    const now = performance.now();
    for (const agentId of new Set([...view.watched].map((one) => one.agentId))) {
      view.reachability(agentId, agents.get(agentId)?.status, now);
    }
    const missed = [...view.watched].filter((one) => view.missedAs(one, now) !== one.announced);
    for (const watched of missed) {
      if (signal.aborted) return;
      const task = await store.task(watched.taskId);
      const attempt = await store.attempt(watched.id);
      // All that was said by now is in the view; a word that comes later makes the announcement untrue, and is seen by that.
      if (!(await position.reachedInTime((await store.range()).newest))) return;
      const state = view.missedAs(watched, performance.now());
      if (state === watched.announced || !task || !attempt || !occupiesSlot(attempt)) continue;
      const since = task.lastWordAt ?? attempt.acceptedAt ?? attempt.sentAt ?? attempt.queuedAt;
      await this.#announce(
        watched,
        state && this.#silenceOf(state, since, watched.agentId),
        task.lastWordAt,
        token,
      );
    }
  }

  async #announce(
    watched: Watched,
    silence: Silence | null,
    lastWordAt: string | undefined,
    under: LeaseToken,
  ): Promise<void> {
    const { store } = this.#options;
    const { id: dispatchId, taskId } = watched;
    const { task } = await store.change(
      { kind: "silence", taskId, dispatchId, silence, lastWordAt },
      { under },
    );
    // Also where it had been announced before, or was not true any more.
    if (task?.dispatchId === dispatchId) watched.announced = task.silence?.state ?? null;
  }

  #silenceOf(state: SilenceState, since: string, agentId: string): Silence {
    const reason = state === "offline" ? this.#options.agents.get(agentId)?.statusReason : undefined;
    return { state, since, ...(reason === undefined ? {} : { reason }) };
  }
}
