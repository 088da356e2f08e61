import { z } from "zod";
import { idSchema, shortTextSchema, timestampSchema } from "./common.ts";
import { eventTypeSchema } from "./events.ts";
import { NOTICE_KINDS, WEBHOOK_FORMATS } from "./kinds.ts";

export const webhookFormatSchema = z.enum(WEBHOOK_FORMATS);
export const noticeKindSchema = z.enum(NOTICE_KINDS);

const urlSchema = z
  .url({ protocol: /^(https?|mailto)$/ })
  .max(2048)
  .describe("`mailto:` and one address for the format `email`; `https:` or `http:` for all others.");
const typesSchema = z
  .array(eventTypeSchema)
  .min(1)
  .transform((types) => [...new Set(types)]);
const tagSchema = z.string().min(1).max(64);
const agentIdSchema = idSchema.describe("One agent; the same as a list of one.");
const agentIdsSchema = z
  .array(idSchema)
  .min(1)
  .max(100)
  .transform((ids) => [...new Set(ids)])
  .describe("Only events of these agents, of any of them.");
const oneTagSchema = tagSchema.describe("One tag; the same as a list of one.");
const tagsSchema = z
  .array(tagSchema)
  .min(1)
  .max(100)
  .transform((tags) => [...new Set(tags)])
  .describe("Only events of tasks that have any of these tags.");

/** Filters that can be given as one, or as a list. */
interface ListFilters {
  agentId?: string | null | undefined;
  agentIds?: readonly string[] | null | undefined;
  tag?: string | null | undefined;
  tags?: readonly string[] | null | undefined;
}

/** Whoever gives a filter in both ways has to mean the same by them. */
function sayOnce({ agentId, agentIds, tag, tags }: ListFilters, context: z.RefinementCtx): void {
  const refuse = (path: "agentId" | "tag", list: "agentIds" | "tags") =>
    context.addIssue({
      code: "custom",
      path: [path],
      message: `says something else than ${list}: give one of them`,
    });
  if (differ(agentId, agentIds)) refuse("agentId", "agentIds");
  if (differ(tag, tags)) refuse("tag", "tags");
}

function differ(one: string | null | undefined, list: readonly string[] | null | undefined): boolean {
  if (one === undefined || list === undefined) return false;
  return list === null ? one !== null : list.length !== 1 || list[0] !== one;
}
const noticesSchema = z
  .array(noticeKindSchema)
  .min(1)
  .transform((kinds) => [...new Set(kinds)])
  .describe(
    "Only events that are such notices for people. Formats for people have no others, and without this all but complete.",
  );

const timeOfDaySchema = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time of day, such as 22:00");
/** A part of each day, by the clocks of a time zone; over midnight where it ends before it begins. */
export const quietHoursSchema = z
  .object({
    timeZone: z.string().max(64).refine(isTimeZone, "must be a time zone's name, such as Europe/Berlin"),
    from: timeOfDaySchema,
    to: timeOfDaySchema,
  })
  .refine(({ from, to }) => from !== to, "must end at another time than it begins");
export type QuietHours = z.infer<typeof quietHoursSchema>;

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== null;
  } catch {
    return false;
  }
}

/** When people are told of a notice; for formats for people alone. */
const rulesShape = {
  quiet: quietHoursSchema.describe(
    "Nothing is told meanwhile, and what comes is told at their end, in one message.",
  ),
  digestMinutes: z
    .number()
    .int()
    .min(1)
    .max(24 * 60)
    .describe("What comes within so many minutes of the first is told in one message."),
  passes: noticesSchema.describe("Kinds that are told at once all the same."),
};

/** Who may answer where a message is shown; without `users`, all who see it. */
export const webhookAnswersSchema = z.object({
  users: z
    .array(z.string().regex(/^[A-Za-z0-9]{1,32}$/, "must be a user's id, such as U0123456789 or 123456789"))
    .min(1)
    .max(100)
    .optional()
    .describe(
      "Ids of those who may answer, as the service has them; without it, all who see the messages may.",
    ),
});
export type WebhookAnswers = z.infer<typeof webhookAnswersSchema>;

const answersSchema = webhookAnswersSchema.describe(
  "Puts buttons under questions and results. For `telegram`, and for `slack_app` with an `appToken`.",
);
const botTokenSchema = z
  .string()
  .regex(/^xoxb-[\x21-\x7e]{1,500}$/, "must be a bot's token of Slack, which begins with xoxb-")
  .describe("Of the app's bot, for `slack_app`. Never shown.");
const appTokenSchema = z
  .string()
  .regex(/^xapp-[\x21-\x7e]{1,500}$/, "must be an app-level token of Slack, which begins with xapp-")
  .describe("With the scope `connections:write`, for `slack_app` with `answers`. Never shown.");

/** The body of `POST /api/webhooks/endpoints`. All given filters have to match; without any, every event is sent. */
export const createWebhookSchema = z
  .object({
    url: urlSchema,
    types: typesSchema.optional(),
    agentId: agentIdSchema.optional(),
    agentIds: agentIdsSchema.optional(),
    tag: oneTagSchema.optional(),
    tags: tagsSchema.optional(),
    notices: noticesSchema.optional(),
    description: shortTextSchema.optional(),
    format: webhookFormatSchema.default("event"),
    quiet: rulesShape.quiet.optional(),
    digestMinutes: rulesShape.digestMinutes.optional(),
    passes: rulesShape.passes.optional(),
    answers: answersSchema.optional(),
    botToken: botTokenSchema.optional(),
    appToken: appTokenSchema.optional(),
  })
  .superRefine(sayOnce);
export type CreateWebhook = z.infer<typeof createWebhookSchema>;

/** The body of `PATCH /api/webhooks/endpoints/:id`: what is absent stays as it is, a filter that is null goes. */
export const patchWebhookSchema = z
  .object({
    url: urlSchema,
    types: typesSchema.nullable(),
    agentId: agentIdSchema.nullable(),
    agentIds: agentIdsSchema.nullable(),
    tag: oneTagSchema.nullable(),
    tags: tagsSchema.nullable(),
    notices: noticesSchema.nullable(),
    description: shortTextSchema.nullable(),
    format: webhookFormatSchema,
    quiet: rulesShape.quiet.nullable(),
    digestMinutes: rulesShape.digestMinutes.nullable(),
    passes: rulesShape.passes.nullable(),
    answers: answersSchema.nullable(),
    botToken: botTokenSchema,
    appToken: appTokenSchema,
    enabled: z.boolean().describe("`true` goes on where it stopped; `false` stops."),
  })
  .partial()
  .superRefine(sayOnce);
export type PatchWebhook = z.infer<typeof patchWebhookSchema>;

/**
 * `active`: events are sent as they come. `paused`: it failed for a day, and is tried once an hour. `off`: nothing is
 * sent, until it is switched on again.
 */
export const webhookStatusSchema = z.enum(["active", "paused", "off"]);
export type WebhookStatus = z.infer<typeof webhookStatusSchema>;

/** An endpoint as it is shown. Its secrets are not, and what may be secret in its URL stands as `***`. */
export const webhookEndpointSchema = z.object({
  id: idSchema,
  url: z.string(),
  types: z.array(eventTypeSchema).optional(),
  agentId: idSchema.optional().describe("Where `agentIds` has one alone."),
  agentIds: z.array(idSchema).optional(),
  tag: z.string().optional().describe("Where `tags` has one alone."),
  tags: z.array(z.string()).optional(),
  notices: z.array(noticeKindSchema).optional(),
  description: z.string().optional(),
  format: webhookFormatSchema,
  quiet: quietHoursSchema.optional(),
  digestMinutes: z.number().int().optional(),
  passes: z.array(noticeKindSchema).optional(),
  answers: webhookAnswersSchema.optional(),
  answersError: z.string().optional().describe("Why no answer can come at the moment."),
  status: webhookStatusSchema,
  statusReason: z.string().optional(),
  position: z.number().int().describe("Every event up to this one was delivered, or waits as a delivery."),
  behind: z.number().int().describe("So many events of the log, matching or not, were not looked at yet."),
  waiting: z.number().int().describe("So many deliveries wait to be tried again, or behind such a one."),
  skipped: z
    .number()
    .int()
    .describe("So many events, matching or not, had left the log before they could be looked at."),
  failingSince: timestampSchema.nullable(),
  lastDeliveredAt: timestampSchema.nullable(),
  previousSecretUntil: timestampSchema
    .nullable()
    .describe("Until then each request is signed with the secret before the last rotation, too."),
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
});
export type WebhookEndpointView = z.infer<typeof webhookEndpointSchema>;

/** The answer to creating an endpoint or rotating its secret: the secret is shown this once. */
export const webhookSecretSchema = webhookEndpointSchema.extend({ secret: z.string() });

/** The body of `POST …/:id/rotate`, of a webhook endpoint or an agent. */
export const rotateSecretSchema = z
  .object({
    overlapSeconds: z
      .number()
      .int()
      .min(0)
      .max(7 * 24 * 3600)
      .default(24 * 3600)
      .describe("For so long both secrets sign."),
  })
  .prefault({});

/** The body of `POST …/:id/replay`: an event's id, or a time. */
export const replaySchema = z.object({
  since: z.union([z.number().int().nonnegative(), timestampSchema]),
});
