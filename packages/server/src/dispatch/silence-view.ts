import type { AgentStatus, SilenceState } from "@mission-control/protocol";
import type { AttemptSummary } from "../store/log-change.ts";
import type { LogEntry } from "../store/store.ts";
import { occupiesSlot } from "../tasks/task.ts";

/** How long an agent may be quiet, in milliseconds; infinite for as long as it likes. */
export interface Patience {
  /** Until the first word of what it accepted; also how long it may be unreachable. */
  firstWordMs: number;
  /** Between two words. */
  silentMs: number;
}

/** An attempt that an agent has, and how it is missed. Moments are of a clock that never goes back. */
export interface Watched {
  readonly id: string;
  readonly taskId: string;
  readonly agentId: string;
  state: AttemptSummary["state"];
  /** It waits for the operator, and not the other way round. */
  isAsking: boolean;
  /** Since when it is watched: before, nobody here could have heard it. */
  readonly watchedSince: number;
  quietSince: number;
  /** What was announced last; null for nothing. */
  announced: SilenceState | null;
}

/**
 * Senders that a server was away for try again after ten minutes at most: what they had to say has been heard by then.
 */
const HEARD_AGAIN_MS = 10 * 60_000;

/** Types of events that are words of an attempt's agent, or of the gateway that runs it. */
const WORDS: ReadonlySet<string> = new Set(["activity", "complete", "error", "permission", "artifact"]);

/** Who has said nothing for how long, of the attempts that agents have: a view of the log from some position on. */
export class SilenceView {
  readonly #patience: Patience;
  /** By task: no more than one attempt of a task is under way. */
  readonly #watched = new Map<string, Watched>();
  /** Since when agents have been unreachable. */
  readonly #offlineSince = new Map<string, number>();

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  get watched(): Iterable<Watched> {
    return this.#watched.values();
  }

  /**
   * Begins with an attempt that was under way before.
   * @param quietMs how long it has been quiet by then, by a clock that may have been set meanwhile
   * @param announced what was announced of it
   * @param now the moment
   */
  begin(attempt: AttemptSummary, quietMs: number, announced: SilenceState | null, now: number): void {
    const { silentMs } = this.#patience;
    const counted = Math.min(Math.max(0, quietMs), silentMs - Math.min(silentMs, HEARD_AGAIN_MS));
    this.#watch(attempt, now, now - counted, announced);
    if (announced === "offline") this.#offlineSince.set(attempt.agentId, Number.NEGATIVE_INFINITY);
  }

  follow(entries: readonly LogEntry[], now: number): void {
    for (const { type, taskId, change } of entries) {
      let isOfAnother = false;
      for (const { before, after } of change?.attempts ?? []) {
        const attempt = after ?? before;
        if (!attempt) continue;
        // A late callback is counted by the attempt that it is late for, which another one has replaced.
        isOfAnother ||= this.#watched.get(attempt.taskId)?.id !== attempt.id;
        if (after && isWatched(after)) this.#step(after, now);
        else if (this.#watched.get(attempt.taskId)?.id === attempt.id) this.#watched.delete(attempt.taskId);
      }
      const watched = taskId === undefined ? undefined : this.#watched.get(taskId);
      if (watched && !isOfAnother && WORDS.has(type)) {
        watched.quietSince = now;
        watched.announced = null;
      }
    }
  }

  /** Takes note of which agents can be reached and which cannot; what nobody knows yet stays as it was. */
  reachability(agentId: string, status: AgentStatus | undefined, now: number): void {
    if (status === "online" || status === "busy") this.#offlineSince.delete(agentId);
    else if (status === "offline" && !this.#offlineSince.has(agentId)) this.#offlineSince.set(agentId, now);
  }

  /** How an attempt is missed at a moment; null where it is not. */
  missedAs(watched: Watched, now: number): SilenceState | null {
    const { agentId, state, isAsking, quietSince, watchedSince, announced } = watched;
    const { firstWordMs, silentMs } = this.#patience;
    if (isAsking) return null;
    const offlineSince = this.#offlineSince.get(agentId);
    if (offlineSince !== undefined && now - offlineSince >= firstWordMs) return "offline";
    // What was announced before this view began stays true until a word, which takes it back.
    if (announced === "silent" || now - quietSince >= silentMs) return "silent";
    // The first word makes an attempt `running`; of one that is `unknown`, its task says why.
    const isUnheard = state === "accepted" && now - Math.max(quietSince, watchedSince) >= firstWordMs;
    return announced === "not_responding" || isUnheard ? "not_responding" : null;
  }

  #step(attempt: AttemptSummary, now: number): void {
    const known = this.#watched.get(attempt.taskId);
    if (known?.id !== attempt.id) {
      this.#watch(attempt, now, now, null);
      return;
    }
    // Accepted, or answered by the operator: from now on it is the agent's turn.
    if (known.state !== attempt.state || known.isAsking !== attempt.isAsking) known.quietSince = now;
    known.state = attempt.state;
    known.isAsking = attempt.isAsking;
  }

  #watch(attempt: AttemptSummary, now: number, quietSince: number, announced: SilenceState | null): void {
    const { id, taskId, agentId, state, isAsking } = attempt;
    const watched = { id, taskId, agentId, state, isAsking, watchedSince: now, quietSince, announced };
    this.#watched.set(taskId, watched);
  }
}

/** Whether an agent has it: not one that is queued, or on its way. */
function isWatched(attempt: AttemptSummary): boolean {
  return occupiesSlot(attempt) && attempt.state !== "sending";
}
