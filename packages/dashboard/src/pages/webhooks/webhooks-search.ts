/** What there is to see of the page, in the order of its tabs; the first where the address names none. */
export const WEBHOOK_TABS = ["deliveries", "refused", "endpoints"] as const;
export type WebhookTab = (typeof WEBHOOK_TABS)[number];

/** How far back the list may be asked to go, in milliseconds. */
export const SINCE = { "1h": 3_600_000, "24h": 86_400_000, "7d": 604_800_000 } as const;

const CHOICES = {
  tab: WEBHOOK_TABS,
  direction: ["dispatch", "callback", "webhook"],
  result: ["ok", "refused", "failed", "unknown", "waiting"],
  since: ["1h", "24h", "7d"],
} as const;
const IDS = ["agent", "task", "attempt", "endpoint", "delivery"] as const;

/** What the address of the Webhooks page says: its tab, the filters of the list, and the delivery that is open. */
export type WebhooksSearch = {
  [Name in keyof typeof CHOICES]?: (typeof CHOICES)[Name][number];
} & { [Name in (typeof IDS)[number]]?: string };

/** Reads the address; what makes no sense is left out. */
export function readWebhooksSearch(search: Record<string, unknown>): WebhooksSearch {
  const read: Record<string, string> = {};
  for (const [name, choices] of Object.entries(CHOICES)) {
    const chosen = choices.find((choice) => choice === search[name]);
    if (chosen !== undefined) read[name] = chosen;
  }
  for (const name of IDS) {
    const id = search[name];
    if (typeof id === "string" && id !== "") read[name] = id;
  }
  return read;
}
