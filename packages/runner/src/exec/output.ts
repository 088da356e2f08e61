import type { AgentEvent } from "../agent-event.ts";
import { readClaude } from "./claude-stream.ts";
import { readCodex } from "./codex-stream.ts";

/** A program's line of output as what the agent does: Claude's and Codex' JSON is understood, the rest is text. */
export function readLine(line: string): AgentEvent[] {
  const value = parseObject(line);
  if (value) {
    const events = readClaude(value) ?? readCodex(value);
    if (events) return events;
  }
  return line.trim() === "" ? [] : [{ type: "text", text: line, ends: true }];
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
