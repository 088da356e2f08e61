import type { Usage } from "@mission-control/protocol";

/**
 * Adds the usage of a task's next attempt to that of its earlier ones. Costs add up only in one currency: where
 * they differ, the later one's cost stands, since a sum over currencies would be untrue.
 */
export function addUsage(before: Usage | undefined, later: Usage | undefined): Usage | undefined {
  if (!before || !later) return later ?? before;
  const sum: Usage = {};
  const inputTokens = addNumbers(before.inputTokens, later.inputTokens);
  const outputTokens = addNumbers(before.outputTokens, later.outputTokens);
  if (inputTokens !== undefined) sum.inputTokens = inputTokens;
  if (outputTokens !== undefined) sum.outputTokens = outputTokens;
  const cost = addCosts(before.cost, later.cost);
  if (cost) sum.cost = cost;
  return sum;
}

function addNumbers(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
}

function addCosts(before: Usage["cost"], later: Usage["cost"]): Usage["cost"] {
  if (!before || !later) return later ?? before;
  if (before.currency !== later.currency) return later;
  return { amount: before.amount + later.amount, currency: later.currency };
}

/** Of one kind: how much, and how many attempts say so. */
interface Sum {
  amount: number;
  count: number;
}

/**
 * What an agent's attempts used together, the same in whatever order they are counted. Tokens always add up; costs
 * do in one currency: while attempts paid in several, there is no total, and none is shown.
 */
export class UsageSum {
  readonly #tokens = { inputTokens: { amount: 0, count: 0 }, outputTokens: { amount: 0, count: 0 } };
  /** By currency. */
  readonly #costs = new Map<string, Sum>();

  add(usage: Usage | undefined): void {
    this.#count(usage, 1);
  }

  /** Takes back what was added: the attempt says otherwise now, or was deleted. */
  remove(usage: Usage | undefined): void {
    this.#count(usage, -1);
  }

  /** Undefined while no attempt has reported any. */
  get total(): Usage | undefined {
    const total: Usage = {};
    for (const kind of TOKENS) {
      if (this.#tokens[kind].count > 0) total[kind] = this.#tokens[kind].amount;
    }
    const [cost, another] = this.#costs;
    if (cost && !another) total.cost = { amount: withoutResidue(cost[1].amount), currency: cost[0] };
    return Object.keys(total).length === 0 ? undefined : total;
  }

  #count(usage: Usage | undefined, sign: 1 | -1): void {
    for (const kind of TOKENS) count(this.#tokens[kind], usage?.[kind], sign);
    if (!usage?.cost) return;
    const { amount, currency } = usage.cost;
    const sum = this.#costs.get(currency) ?? { amount: 0, count: 0 };
    count(sum, amount, sign);
    if (sum.count > 0) this.#costs.set(currency, sum);
    else this.#costs.delete(currency);
  }
}

const TOKENS = ["inputTokens", "outputTokens"] as const;

function count(sum: Sum, amount: number | undefined, sign: 1 | -1): void {
  if (amount === undefined) return;
  sum.amount += sign * amount;
  sum.count += sign;
}

/** Binary fractions of money leave a residue that depends on the order of adding: to a billionth, there is none. */
function withoutResidue(amount: number): number {
  return Number(amount.toFixed(9));
}
