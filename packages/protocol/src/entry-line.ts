import type { Entry } from "./entries.ts";

const MAX_CHARACTERS = 200;

/**
 * What an entry tells in one line: what a task's card shows of an agent that reports entries without a message of its
 * own. Undefined where it says nothing new of what the agent is doing: a thought, a word of the user, an end of a tool
 * call.
 */
export function entryLine(entry: Entry): string | undefined {
  switch (entry.kind) {
    case "message":
      return entry.role === "user" ? undefined : line(entry.text);
    case "thought":
      return undefined;
    case "tool":
      return line(entry.title) ?? line(entry.name);
    case "plan":
      return line(entry.steps?.find(({ state }) => state === "running")?.title);
    case "file":
      return entry.path === undefined ? undefined : line(`${entry.change ?? "edited"} ${entry.path}`);
  }
}

/** The first line that says something, cut between characters. */
function line(text: string | undefined): string | undefined {
  const first = text?.match(/\S.*/)?.[0].trim();
  if (first === undefined || first.length <= MAX_CHARACTERS) return first;
  return `${first.slice(0, MAX_CHARACTERS - 1).toWellFormed()}…`;
}
