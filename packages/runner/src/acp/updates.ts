import type { SessionUpdate, ToolCallContent } from "@agentclientprotocol/sdk";
import type { AgentEvent } from "../agent-event.ts";

/** Keys under which tools keep what they work on, best first. */
const SUBJECTS = ["command", "cmd", "file_path", "filePath", "path", "pattern", "url", "query"];

/**
 * Reads the `session/update` notifications of one turn.
 * @see https://agentclientprotocol.com/protocol/v1/prompt-turn
 */
export class UpdateReader {
  #messageId: string | null | undefined;
  readonly #tools = new Map<string, { title: string; input: unknown }>();

  read(update: SessionUpdate): AgentEvent[] {
    switch (update.sessionUpdate) {
      case "agent_message_chunk": {
        if (update.content.type !== "text" || update.content.text === "") return [];
        const isNext = this.#messageId !== undefined && update.messageId !== this.#messageId;
        this.#messageId = update.messageId;
        const piece: AgentEvent = { type: "text", text: update.content.text };
        return isNext ? [{ type: "text", text: "", ends: true }, piece] : [piece];
      }
      case "tool_call":
      case "tool_call_update":
        return this.#readTool(update);
      case "plan":
        return [
          {
            type: "plan",
            steps: update.entries.map(({ content, status }) => ({
              text: content,
              done: status === "completed",
              current: status === "in_progress",
            })),
          },
        ];
      case "usage_update": {
        const { cost } = update;
        return cost
          ? [{ type: "usage", usage: { cost: { amount: cost.amount, currency: cost.currency } } }]
          : [];
      }
      default:
        return [];
    }
  }

  #readTool(
    update: Extract<SessionUpdate, { sessionUpdate: "tool_call" | "tool_call_update" }>,
  ): AgentEvent[] {
    const { toolCallId: id, status, rawInput, content, rawOutput } = update;
    const events: AgentEvent[] = [];
    const known = this.#tools.get(id);
    const title = update.title ?? known?.title;
    if (title) {
      const input = rawInput ?? known?.input;
      this.#tools.set(id, { title, input });
      events.push({ type: "tool", id, title: toolTitle(title, input) });
    }
    if (status === "failed") events.push({ type: "tool-failed", id, output: toolOutput(content, rawOutput) });
    return events;
  }
}

/** A tool call in one line: its title, and what it works on where the title does not say so. */
export function toolTitle(title: string, input: unknown): string {
  const subject = subjectOf(input);
  if (subject === undefined || title.includes(subject) || subject.includes(title)) return title;
  return `${title}: ${subject}`;
}

function subjectOf(input: unknown): string | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  for (const key of SUBJECTS) {
    const value = (input as Record<string, unknown>)[key];
    if (typeof value === "string" && value !== "") return value;
    if (Array.isArray(value) && value.length > 0) return value.join(" ");
  }
  return undefined;
}

function toolOutput(content: ToolCallContent[] | null | undefined, rawOutput: unknown): string {
  for (const part of content ?? []) {
    if (part.type === "content" && part.content.type === "text") return part.content.text;
  }
  return typeof rawOutput === "string" ? rawOutput : "";
}
