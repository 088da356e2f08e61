import { count } from "./english-count.ts";

/** The words of the inbox. Loaded with it. */
export const englishInbox = {
  label: "What waits for you",
  waiting: (items: number) => `${count(items, "thing")} wait${items === 1 ? "s" : ""} for you`,
  all: (items: number) => `All ${items} in the Inbox`,
  empty: (running: number) => `Nothing waits for you. ${running} running.`,
  emptyHint: "Questions, results to review, failures and silent runs appear here as they come.",
  snoozed: (items: number) => `${count(items, "item")} put off`,
  wake: "Bring them back",
  kind: {
    question: "Question",
    undelivered: "Answer not delivered",
    review: "Review",
    failure: "Failed",
    silent: "Silent",
  },
  notGiven: "The agent did not get your answer to:",
  write: "Write to the agent",
  lastWord: "Its last message:",
  forceEnd: "Force end",
  snooze: "Put off for an hour",
  open: "Open the task",
  noReason: "No reason was given.",
  noSummary: "The agent gave no summary.",
  keys: "j k next and previous · 1–9 answer · a approve · r request changes · d dispatch again · c cancel · x force end · s put off",

  /** What the desktop tells while nobody looks. */
  notify: {
    many: ({ tasks, budgets }: { tasks: number; budgets: number }) => {
      const parts = [
        ...(tasks === 0 ? [] : [`${count(tasks, "task")} ended or need${tasks === 1 ? "s" : ""} you`]),
        ...(budgets === 0 ? [] : [`${count(budgets, "budget")} reached a limit`]),
      ];
      return parts.join(", ");
    },
    asks: (title: string) => `Asks: ${title}`,
    undelivered: (title: string) => `Not delivered to the agent: ${title}`,
  },
};
