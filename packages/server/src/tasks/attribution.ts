import type { Attempt } from "./task.ts";

/** Clocks of two machines may differ by so much, in milliseconds, where it hurts nobody to believe it. */
const CLOCKS_APART_MS = 5000;

/**
 * The attempt that a callback is about which names none (docs/contract.md, section 4): the one of its agent that was
 * current at the callback's own time. Where that cannot be, the time is not believed, and it is the agent's last attempt.
 * @param current the task's current attempt
 * @param all all attempts of the task, oldest first; asked for only where the answer depends on them
 * @param report who reports, and when by its own clock; ISO 8601 UTC
 * @param now the server's clock; ISO 8601 UTC
 */
export function attributedAttempt(
  current: Attempt,
  all: () => readonly Attempt[],
  report: { agentId: string; at: string },
  now: string,
): Attempt {
  if (current.number === 1) return current;
  // Queued in what is now the future: the server's clock was set back since, and tells nothing.
  const isCurrent = current.queuedAt <= report.at || current.queuedAt > now;
  if (isCurrent && current.agentId === report.agentId) return current;
  const attempts = all();
  const own = attempts.filter(({ agentId }) => agentId === report.agentId);
  const found = own.findLast((attempt) => currentSince(attempt, attempts) <= report.at);
  return found ?? own.at(-1) ?? current;
}

/**
 * From when an attempt was its task's current one. Of the time between its predecessor's end and its own beginning the
 * last seconds are counted as its own, since the agent's clock may be behind; and the whole second of that end, since
 * many senders give no fractions.
 */
function currentSince(attempt: Attempt, attempts: readonly Attempt[]): string {
  const allowed = new Date(Date.parse(attempt.queuedAt) - CLOCKS_APART_MS).toISOString();
  const before = attempts.find(({ number }) => number === attempt.number - 1);
  if (!before) return allowed;
  const ended = `${(before.endedAt ?? before.queuedAt).slice(0, "2026-11-23T10:00:00".length)}.000Z`;
  return ended > allowed ? ended : allowed;
}
