import { z } from "zod";
import { currencySchema, idSchema, shortTextSchema, timestampSchema } from "./common.ts";
import { timeZoneSchema } from "./insights.ts";

/** So many budgets can be kept. */
export const MAX_BUDGETS = 100;

const most = Number.MAX_SAFE_INTEGER;
const moneySchema = z.strictObject({ amount: z.number().positive().max(most), currency: currencySchema });
const tokensSchema = z.strictObject({ tokens: z.number().int().positive().max(most) });

/** How much may be used in a period: money of one currency, or tokens, both those that went in and those that came out. */
export const budgetLimitSchema = z.union([moneySchema, tokensSchema], {
  error: "must be an amount above 0 with its currency, or a whole number of tokens above 0",
});
export type BudgetLimit = z.infer<typeof budgetLimitSchema>;

/** A budget starts over with each of these. */
export const budgetPeriodSchema = z.enum(["day", "month"]);
export type BudgetPeriod = z.infer<typeof budgetPeriodSchema>;

const tagSchema = z.string().min(1).max(64);
const refusesSchema = z
  .boolean()
  .describe("Whether new attempts at what it covers are refused while it is used up. What runs goes on.");

/** The body of `POST /api/budgets`. Without an agent and a tag, it covers everything; with both, what has both. */
export const createBudgetSchema = z.object({
  name: shortTextSchema,
  limit: budgetLimitSchema,
  period: budgetPeriodSchema,
  timeZone: timeZoneSchema.default("UTC").describe("By whose clocks days and months begin."),
  agentId: idSchema.optional(),
  tag: tagSchema.optional().describe("A tag of the task."),
  refuses: refusesSchema.default(false),
});
export type CreateBudget = z.infer<typeof createBudgetSchema>;

/** The body of `PATCH /api/budgets/:id`: what is absent stays as it is, an agent or tag that is null goes. */
export const patchBudgetSchema = z
  .object({
    name: shortTextSchema,
    limit: budgetLimitSchema,
    period: budgetPeriodSchema,
    timeZone: timeZoneSchema,
    agentId: idSchema.nullable(),
    tag: tagSchema.nullable(),
    refuses: refusesSchema,
  })
  .partial();
export type PatchBudget = z.infer<typeof patchBudgetSchema>;

/** Shares of a limit, in percent, that are told once in a period when they are reached. */
export const BUDGET_THRESHOLDS = [80, 100] as const;
export type BudgetThreshold = (typeof BUDGET_THRESHOLDS)[number];

/** A budget, and what was used of it in the period under way. */
export const budgetSchema = z.object({
  id: idSchema,
  name: z.string(),
  limit: budgetLimitSchema,
  period: budgetPeriodSchema,
  timeZone: z.string(),
  agentId: idSchema.optional(),
  tag: z.string().optional(),
  refuses: z.boolean(),
  periodStart: timestampSchema.describe("Cut to whole hours of UTC, as all that is counted."),
  periodEnd: timestampSchema,
  spent: z.number().describe("In the limit's currency or in tokens, as far as agents report it."),
  unknown: z
    .number()
    .int()
    .describe("So many attempts ended in the period whose agents never told what is limited."),
  otherCosts: z
    .array(z.object({ amount: z.number(), currency: z.string() }))
    .describe("Money of other currencies than the limit's, which does not count."),
  isComplete: z.boolean().describe("False while what was used before an upgrade is being counted."),
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
});
export type BudgetView = z.infer<typeof budgetSchema>;

/** What an event of the type `budget` holds when a share of a limit was reached. */
export const budgetCrossingSchema = z.object({
  change: z.literal("reached"),
  budgetId: idSchema,
  name: z.string(),
  threshold: z.literal(BUDGET_THRESHOLDS),
  spent: z.number(),
  limit: budgetLimitSchema,
  period: budgetPeriodSchema,
  timeZone: z.string(),
  periodStart: timestampSchema,
  periodEnd: timestampSchema,
  refuses: z.boolean(),
  agentId: idSchema.optional(),
  tag: z.string().optional(),
});
export type BudgetCrossing = z.infer<typeof budgetCrossingSchema>;

/** The number of a limit: an amount of its currency, or tokens. */
export function budgetLimitNumber(limit: BudgetLimit): number {
  return "tokens" in limit ? limit.tokens : limit.amount;
}

/** So much of what a limit is in, in words, such as `12.50 USD` or `1,200,000 tokens`. */
export function budgetAmountText(amount: number, limit: BudgetLimit): string {
  if ("tokens" in limit) return `${amount.toLocaleString("en-US")} ${amount === 1 ? "token" : "tokens"}`;
  const digits = Math.abs(amount) < 1 ? 4 : 2;
  const format = { minimumFractionDigits: 2, maximumFractionDigits: digits };
  return `${amount.toLocaleString("en-US", format)} ${limit.currency}`;
}
