import type { AgentEvent } from "../agent-event.ts";
import { readClaude } from "./claude-stream.ts";
import { readCodex } from "./codex-stream.ts";

/**
 * A program's line of output as what the agent does: Claude's and Codex' JSON is understood, the rest is its text.
 * @param folder where it works; files below it are named by their path from there
 */
export function readLine(line: string, folder = ""): AgentEvent[] {
  const value = parseObject(line);
  if (value) {
    const events = readClaude(value, folder) ?? readCodex(value, folder);
    if (events) return events;
  }
  return line.trim() === "" ? [] : [{ type: "line", text: line }];
}

/** A line that is a JSON object. */
export function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
