import { type BudgetView, type CreateBudget, MAX_BUDGETS, type PatchBudget } from "@mission-control/protocol";
import { newId } from "../ids.ts";
import type { Insights } from "../insights/insights.ts";
import type { BudgetRecord, RecordEdit, RecordResult } from "../store/records.ts";
import type { Follower, LogEntry, Store } from "../store/store.ts";
import { budgetEvent, usedUpText } from "./budget-event.ts";
import { periodAt } from "./period.ts";
import { covers, isReached, spendOf } from "./spend.ts";

/** No more budgets can be kept. */
export class TooManyBudgetsError extends Error {
  readonly code = "too_many_budgets";
  override name = "TooManyBudgetsError";
}

export interface BudgetsOptions {
  store: Pick<Store, "edit" | "record" | "records" | "task" | "range" | "follow">;
  insights: Pick<Insights, "totals">;
  now: () => Date;
}

/** What operators do with budgets, and whether one forbids an attempt. What is spent is what insights have counted. */
export class Budgets {
  readonly #options: BudgetsOptions;
  /** All of them, as they were read last; null where one was changed since. */
  #known: Promise<readonly BudgetRecord[]> | null = null;
  #follower: Follower | null = null;

  /** Begins to follow which budgets there are. @throws StoreUnavailableError */
  static async open(options: BudgetsOptions): Promise<Budgets> {
    const budgets = new Budgets(options);
    const { newest } = await options.store.range();
    const follow = (entries: readonly LogEntry[]) => {
      if (entries.some(({ type }) => type === "budget")) budgets.#known = null;
    };
    budgets.#follower = options.store.follow(newest, follow, { inBatches: true });
    return budgets;
  }

  private constructor(options: BudgetsOptions) {
    this.#options = options;
  }

  close(): void {
    this.#follower?.close();
  }

  /** @throws TooManyBudgetsError */
  async create(given: CreateBudget): Promise<BudgetView> {
    const { store } = this.#options;
    if ((await store.records("budget")).length >= MAX_BUDGETS) {
      throw new TooManyBudgetsError(
        `There are ${MAX_BUDGETS} budgets, and there can be no more: remove one first.`,
      );
    }
    const { agentId, tag, ...fields } = given;
    const at = this.#now();
    const record: BudgetRecord = {
      id: newId("budget"),
      ...fields,
      ...(agentId === undefined ? {} : { agentId }),
      ...(tag === undefined ? {} : { tag }),
      revision: 1,
      since: at,
      watched: [],
      createdAt: at,
      updatedAt: at,
    };
    await this.#edit(record.id, () => ({ record, event: budgetEvent(record, "created", at) }));
    return this.#view(record);
  }

  /** In the order of their names. */
  async list(): Promise<BudgetView[]> {
    const records = await this.#options.store.records("budget");
    return this.#views(records.toSorted((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1)));
  }

  /** @returns null when there is no such budget */
  async get(id: string): Promise<BudgetView | null> {
    const record = await this.#options.store.record("budget", id);
    return record && this.#view(record);
  }

  /** @returns null when there is no such budget */
  async update(id: string, fields: PatchBudget): Promise<BudgetView | null> {
    const at = this.#now();
    const { record } = await this.#edit(id, (current) => {
      if (!current) return { record: null };
      const record = edited(current, fields, at);
      return { record, event: budgetEvent(record, "edited", at) };
    });
    return record && this.#view(record);
  }

  /** @returns whether there was such a budget */
  async remove(id: string): Promise<boolean> {
    const { eventId } = await this.#edit(id, (current) =>
      current ? { record: null, event: budgetEvent(current, "deleted", this.#now()) } : { record: null },
    );
    return eventId !== null;
  }

  /**
   * Why no new attempt at a task may be begun: a budget that covers it is used up, and refuses. Null where one may.
   * @param agentId whose attempt it would be; default: of the agent that the task has
   */
  async refusal(taskId: string, agentId?: string): Promise<string | null> {
    const refusing = (await this.#all()).filter(({ refuses }) => refuses);
    if (refusing.length === 0) return null;
    const task = await this.#options.store.task(taskId);
    const by = agentId ?? task?.agentId;
    if (!task || !by) return null;
    const covering = refusing.filter((budget) => covers(budget, { agentId: by, tags: task.tags }));
    const views = await this.#views(covering);
    const index = views.findIndex(({ limit, spent }) => isReached(limit, spent, 100));
    const [budget, view] = [covering[index], views[index]];
    return budget && view ? usedUpText(budget, view.spent, view.periodEnd) : null;
  }

  async #edit(
    id: string,
    edit: (current: BudgetRecord | null) => RecordEdit<BudgetRecord>,
  ): Promise<RecordResult<BudgetRecord>> {
    const result = await this.#options.store.edit("budget", id, edit);
    this.#known = null;
    return result;
  }

  #all(): Promise<readonly BudgetRecord[]> {
    if (this.#known) return this.#known;
    const reading = this.#options.store.records("budget");
    this.#known = reading;
    reading.catch(() => {
      if (this.#known === reading) this.#known = null;
    });
    return reading;
  }

  async #view(record: BudgetRecord): Promise<BudgetView> {
    const [view] = await this.#views([record]);
    return view as BudgetView;
  }

  async #views(records: readonly BudgetRecord[]): Promise<BudgetView[]> {
    if (records.length === 0) return [];
    const { insights, now } = this.#options;
    const at = now().getTime();
    const periods = records.map(({ period, timeZone }) => periodAt(period, timeZone, at));
    const { totals, isComplete } = await insights.totals(
      records.map(({ agentId, tag }, index) => ({ from: at, to: at, ...periods[index], agentId, tag })),
    );
    return records.map((record, index) => {
      const { revision: _revision, since: _since, watched: _watched, createdAt, updatedAt, ...told } = record;
      const { from, to } = periods[index] ?? { from: at, to: at };
      return {
        ...told,
        periodStart: new Date(from).toISOString(),
        periodEnd: new Date(to).toISOString(),
        ...spendOf(record.limit, totals[index] ?? {}),
        isComplete,
        createdAt,
        updatedAt,
      };
    });
  }

  #now(): string {
    return this.#options.now().toISOString();
  }
}

/** The record with the fields that are given. What was told of one that covers or measures something else was of another. */
function edited(before: BudgetRecord, fields: PatchBudget, at: string): BudgetRecord {
  const { agentId, tag, ...others } = before;
  const kept = {
    agentId,
    tag,
    ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
  };
  const after: BudgetRecord = {
    ...others,
    ...(kept as Partial<Omit<BudgetRecord, "agentId" | "tag">>),
    revision: before.revision + 1,
    updatedAt: at,
  };
  for (const name of ["agentId", "tag"] as const) {
    const value = kept[name];
    if (value) after[name] = value;
    else delete after[name];
  }
  const isAnother = measureOf(before) !== measureOf(after);
  return isAnother ? { ...after, since: at, watched: [] } : after;
}

/** What is measured by which periods, apart from how much of it is the limit. */
function measureOf({ agentId, tag, period, timeZone, limit }: BudgetRecord): string {
  return JSON.stringify([agentId, tag, period, timeZone, "tokens" in limit ? null : limit.currency]);
}
