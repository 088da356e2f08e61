import type { HeldEvent } from "../store/held-event.ts";

/** More at once than this (after a long gap, say) become one notification. */
const MAX_SINGLE = 3;
/** What comes within this time is counted together, in milliseconds. */
const TOGETHER_MS = 300;

/** What a notifier needs from outside. */
export interface NotifierParts {
  /** Whether somebody asked for notifications, and nobody looks at any page of this server. */
  wanted(): Promise<boolean>;
  /** Whether more of what was missed is about to come. */
  isCatchingUp(): boolean;
  /** Notifies of one. */
  one(event: HeldEvent): void;
  /** Notifies of all of them in one. */
  many(told: Told): void;
}

/** How much one notification tells of. */
export interface Told {
  tasks: number;
  budgets: number;
}

/** Notifies of questions, of what did not reach an agent, and of ends, in one number of those that come together, such as those after a gap. */
export class Notifier {
  readonly #parts: NotifierParts;
  #news: HeldEvent[] = [];
  /** What was notified of in one since somebody looked last, each task and budget once. */
  #counted = { tasks: new Set<string>(), budgets: new Set<string>() };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(parts: NotifierParts) {
    this.#parts = parts;
  }

  async add(events: readonly HeldEvent[]): Promise<void> {
    const news = events.filter(isNews);
    if (news.length === 0 || !(await this.#parts.wanted()) || this.#closed) return;
    this.#news.push(...news);
    this.#timer ??= setTimeout(() => this.#flush(), TOGETHER_MS);
  }

  /** Somebody looks: what was counted was seen. */
  looked(): void {
    this.#counted.tasks.clear();
    this.#counted.budgets.clear();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#parts.isCatchingUp()) {
      this.#timer = setTimeout(() => this.#flush(), TOGETHER_MS);
      return;
    }
    const news = this.#news
      .splice(0)
      .sort((one, other) => Number(isForAnAgent(other)) - Number(isForAnAgent(one)));
    const { tasks, budgets } = this.#counted;
    if (tasks.size + budgets.size === 0 && news.length <= MAX_SINGLE) {
      for (const one of news) this.#parts.one(one);
      return;
    }
    for (const { taskId, data } of news) {
      if (taskId === undefined) budgets.add(String(data.budgetId));
      else tasks.add(taskId);
    }
    this.#parts.many({ tasks: tasks.size, budgets: budgets.size });
  }
}

/** Whether somebody wants to hear of it: what an agent waits for, a budget, or an end. */
function isNews(event: HeldEvent): boolean {
  const { type, data } = event;
  const isEnd = data.to === "completed" || data.to === "failed" || data.to === "review";
  return isForAnAgent(event) || isBudgetReached(event) || (type === "status_change" && isEnd);
}

/** Whether an agent may stand still until somebody has done something. */
function isForAnAgent(event: HeldEvent): boolean {
  return isQuestion(event) || isUndelivered(event);
}

/** Whether an agent stands still until it is answered. */
export function isQuestion({ type, data }: HeldEvent): boolean {
  return type === "permission" && data.state === "requested";
}

/**
 * Whether it tells that an agent did not get an answer, or a message. That one is not heard which began an attempt that ended
 * first, is told by that end.
 */
export function isUndelivered({ type, data: { state, opening } }: HeldEvent): boolean {
  if (type === "permission") return state === "undelivered";
  return type === "message" && state === "refused" && opening !== true;
}

/** Whether it tells that a share of a budget is reached: of several that were at once, the last. */
export function isBudgetReached({ type, data }: HeldEvent): boolean {
  if (type !== "budget" || data.change !== "reached") return false;
  const limit = Object.values(data.limit ?? {}).find((value) => typeof value === "number");
  return data.threshold === 100 || Number(data.spent) < Number(limit);
}
