import type { Usage } from "@mission-control/agent";
import { toolTitle } from "../acp/tool-title.ts";
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
      if (typeof line.subtype !== "string") return undefined;
      return line.subtype === "init" ? [{ type: "began" }] : [];
    case "assistant":
    case "user":
      // Claude Code itself asks on, for instance where the model said nothing.
      return line.isSynthetic === true ? [] : partsOf(line.message)?.flatMap(readPart);
    case "result":
      return typeof line.subtype === "string" ? readResult(line, line.subtype) : undefined;
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

/**
 * A `result` line. Its `subtype` is `success` also for an API error (then `is_error` is set), and where a hook or a
 * limit ended the turn (then `terminal_reason` says which).
 */
function readResult(line: Record<string, unknown>, subtype: string): AgentEvent[] {
  const { is_error, terminal_reason, result, errors } = line;
  const said = typeof result === "string" ? result : "";
  const ended = typeof terminal_reason === "string" ? terminal_reason : "completed";
  const ok = is_error !== true && subtype === "success" && ended === "completed";
  const why = [
    subtype === "success" ? [] : [subtype],
    ended === "completed" || subtype === `error_${ended}` ? [] : [ended],
    Array.isArray(errors) ? errors.map(String) : [],
    said === "" ? [] : [said],
  ].flat();
  return [
    { type: "usage", usage: usageOf(line) },
    { type: "result", ok, text: ok ? said : why.join(": ") || "an error", vouched: true },
  ];
}

/** What it read anew, from its cache and into its cache are counted apart there; all of it is input. */
function usageOf(line: Record<string, unknown>): Usage {
  const usage = (line.usage ?? {}) as Record<string, unknown>;
  const count = (name: string) => (typeof usage[name] === "number" ? usage[name] : 0);
  return {
    ...(typeof usage.input_tokens === "number" && {
      inputTokens:
        usage.input_tokens + count("cache_read_input_tokens") + count("cache_creation_input_tokens"),
    }),
    ...(typeof usage.output_tokens === "number" && { outputTokens: usage.output_tokens }),
    ...(typeof line.total_cost_usd === "number" && {
      cost: { amount: line.total_cost_usd, currency: "USD" },
    }),
  };
}

function partsOf(message: unknown): ContentPart[] | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const { content } = message as { content?: unknown };
  if (typeof content === "string") return [];
  return Array.isArray(content) ? (content as ContentPart[]) : undefined;
}
