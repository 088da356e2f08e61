import type { Budgets } from "../budgets/budgets.ts";
import type { ChangeResult } from "../store/operations.ts";
import type { Store } from "../store/store.ts";

export interface BudgetGateOptions {
  store: Pick<Store, "task">;
  /** Absent where an attempt may always be begun. */
  budgets?: Pick<Budgets, "refusal">;
}

/** What new attempts have to pass: the budgets that refuse once they are used up. */
export class BudgetGate {
  readonly #options: BudgetGateOptions;

  constructor(options: BudgetGateOptions) {
    this.#options = options;
  }

  /**
   * The refusal of a new attempt at a task, a `conflict`; null where it may be begun.
   * @param agentId whose attempt it would be; default: of the agent that the task has
   */
  async refusal(taskId: string, agentId?: string): Promise<ChangeResult | null> {
    const { store, budgets } = this.#options;
    const detail = await budgets?.refusal(taskId, agentId);
    if (!detail) return null;
    const task = await store.task(taskId);
    return {
      duplicate: false,
      eventId: null,
      taskStatus: task?.status ?? null,
      task,
      attempt: null,
      refusal: { code: "conflict", detail },
    };
  }
}
