import type { CreateTask, Priority } from "@mission-control/protocol";

const VERBS = ["Fix", "Review", "Document", "Test", "Migrate", "Speed up", "Remove", "Translate"];
const THINGS = ["the login", "invoices", "the search index", "the importer", "the release notes", "webhooks"];
const PRIORITIES: readonly Priority[] = ["low", "normal", "normal", "normal", "high", "urgent"];

/** A tag on every third task, and one that only every thousandth has. */
export const COMMON_TAG = "backend";
export const RARE_TAG = "security-audit";
/** A word in every task's title, and one in only a hundredth of a percent of them. */
export const COMMON_WORD = "ticket";
export const RARE_WORD = "zeppelin";

/** The task with this number: always the same, and spread like real ones. */
export function seedTask(index: number): CreateTask {
  const verb = VERBS[index % VERBS.length];
  const thing = THINGS[(index * 7) % THINGS.length];
  const rare = index % 10_000 === 17 ? ` ${RARE_WORD}` : "";
  const tags = [`area-${index % 50}`];
  if (index % 3 === 0) tags.push(COMMON_TAG);
  if (index % 1000 === 5) tags.push(RARE_TAG);
  return {
    title: `${verb} ${thing}, ${COMMON_WORD} ${index}${rare}`,
    description: `Somebody reported this as number ${index}. Find the cause, change as little as needed, and show by a test that it is gone.`,
    priority: PRIORITIES[(index * 5) % PRIORITIES.length] as Priority,
    tags,
    context: { repository: "git@example.com:team/product.git", branch: `work/${index}` },
    requiresReview: index % 40 === 6,
  };
}
