import { toolTitle } from "../acp/updates.ts";
import type { AgentEvent } from "../agent-event.ts";

interface ContentPart {
  type?: string;
  text?: string;
  id?: string;
  name?: string;
  input?: unknown;
  tool_use_id?: string;
  is_error?: boolean;
  content?: unknown;
}

/**
 * Reads a line of `claude -p … --output-format stream-json --verbose`.
 * @returns `undefined` when the line is none of Claude's
 */
export function readClaude(line: Record<string, unknown>): AgentEvent[] | undefined {
  switch (line.type) {
    case "system":
      return typeof line.subtype === "string" ? [] : undefined;
    case "assistant":
    case "user":
      return partsOf(line.message)?.flatMap(readPart);
    case "result":
      return typeof line.subtype === "string" ? readResult(line) : undefined;
    default:
      return undefined;
  }
}

function readPart(part: ContentPart): AgentEvent[] {
  if (part.type === "text" && part.text) return [{ type: "text", text: part.text, ends: true }];
  if (part.type === "tool_use" && part.id && part.name) {
    return [{ type: "tool", id: part.id, title: toolTitle(part.name, part.input) }];
  }
  if (part.type === "tool_result" && part.is_error && part.tool_use_id) {
    const output = typeof part.content === "string" ? part.content : "";
    return [{ type: "tool-failed", id: part.tool_use_id, output }];
  }
  return [];
}

function readResult(line: Record<string, unknown>): AgentEvent[] {
  const usage = (line.usage ?? {}) as { input_tokens?: number; output_tokens?: number };
  const ok = line.is_error !== true;
  const text = typeof line.result === "string" ? line.result : ok ? "" : String(line.subtype);
  return [
    {
      type: "usage",
      usage: {
        ...(typeof usage.input_tokens === "number" && { inputTokens: usage.input_tokens }),
        ...(typeof usage.output_tokens === "number" && { outputTokens: usage.output_tokens }),
        ...(typeof line.total_cost_usd === "number" && {
          cost: { amount: line.total_cost_usd, currency: "USD" },
        }),
      },
    },
    { type: "result", ok, text },
  ];
}

function partsOf(message: unknown): ContentPart[] | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const { content } = message as { content?: unknown };
  if (typeof content === "string") return [];
  return Array.isArray(content) ? (content as ContentPart[]) : undefined;
}
