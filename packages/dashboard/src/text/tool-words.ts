import type { JsonObject } from "@mission-control/protocol";

/** What is said of a call, by an entry or by a question about it. */
interface ToolCall {
  name?: string | undefined;
  title?: string | undefined;
  input?: JsonObject | string | undefined;
}

/** What a tool call says in its line, and what went in, as somebody reads it. */
export interface ToolWords {
  name: string | undefined;
  /** What it was called for: the command it runs, its title, or the beginning of its input. */
  subject: string;
  input: string | undefined;
}

/** Finds the words for a call. A command is shown as it would be typed, what was said beside it as JSON. */
export function toolWords({ name, title, input }: ToolCall): ToolWords {
  const command = commandOf(input);
  const called = name ?? title;
  const text = inputText(input, command);
  const subject = command ?? (name === undefined ? undefined : title) ?? compact(input);
  return { name: called, subject, input: text };
}

function commandOf(input: ToolCall["input"]): string | undefined {
  if (typeof input !== "object") return undefined;
  const { command } = input;
  if (typeof command === "string") return command;
  if (Array.isArray(command) && command.every((word) => typeof word === "string")) return command.join(" ");
  return undefined;
}

function inputText(input: ToolCall["input"], command: string | undefined): string | undefined {
  if (input === undefined || typeof input === "string") return input;
  if (command === undefined) return JSON.stringify(input, null, 2);
  const { command: _, ...beside } = input;
  return Object.keys(beside).length === 0 ? command : `${command}\n\n${JSON.stringify(beside, null, 2)}`;
}

/** The values of an input, without the names it gives them, in one line. */
function compact(input: ToolCall["input"]): string {
  if (input === undefined) return "";
  if (typeof input === "string") return input;
  return Object.values(input)
    .map((value) => (typeof value === "string" ? value : JSON.stringify(value)))
    .join(" ");
}
