import type { AgentEvent } from "../agent-event.ts";
import { errorWords } from "../error-words.ts";

interface Item {
  id?: string;
  type?: string;
  status?: string;
  text?: string;
  command?: string;
  aggregated_output?: string;
  exit_code?: number | null;
  message?: string;
  items?: { text?: string; completed?: boolean }[];
  changes?: { path?: string; kind?: string }[];
  server?: string;
  tool?: string;
  error?: unknown;
  query?: string;
}

/**
 * Reads a line of `codex exec --json`.
 * @returns `undefined` when the line is none of Codex'
 */
export function readCodex(line: Record<string, unknown>): AgentEvent[] | undefined {
  switch (line.type) {
    case "thread.started":
      return [{ type: "began" }];
    case "turn.started":
      return [];
    case "item.started":
    case "item.updated":
    case "item.completed":
      return readItem((line.item ?? {}) as Item, line.type === "item.completed");
    case "turn.completed": {
      const usage = line.usage as { input_tokens?: number; output_tokens?: number } | undefined;
      const ended: AgentEvent = { type: "result", ok: true, text: "" };
      if (!usage) return [ended];
      // Its input tokens include those read from a cache.
      const { input_tokens: inputTokens, output_tokens: outputTokens } = usage;
      return [{ type: "usage", usage: { inputTokens, outputTokens } }, ended];
    }
    case "turn.failed":
      return [{ type: "result", ok: false, text: errorWords(line.error) ?? "The turn failed." }];
    case "error":
      // Also before it tries a lost connection again.
      return typeof line.message === "string"
        ? [{ type: "trouble", text: errorWords(line.message) ?? "" }]
        : undefined;
    default:
      return undefined;
  }
}

function readItem(item: Item, completed: boolean): AgentEvent[] {
  const id = item.id ?? "";
  switch (item.type) {
    case "agent_message":
      return completed && item.text ? [{ type: "text", text: item.text, ends: true }] : [];
    case "command_execution": {
      const fails = item.status === "failed" || item.status === "declined" || Boolean(item.exit_code);
      return readTool(id, item.command ?? "A command", completed && fails, item.aggregated_output ?? "");
    }
    case "file_change": {
      const changes = (item.changes ?? []).map(
        ({ path, kind }) => `${CHANGES[kind ?? ""] ?? "Change"} ${path}`,
      );
      return readTool(id, changes.join(", ") || "Change files", item.status === "failed", "");
    }
    case "mcp_tool_call": {
      const title = [item.server, item.tool].filter(Boolean).join(" · ") || "An MCP tool";
      return readTool(id, title, item.status === "failed", errorWords(item.error) ?? "");
    }
    case "web_search":
      // The query is known only at its end.
      return item.query ? readTool(id, `Search the web: ${item.query}`, false, "") : [];
    case "todo_list":
      return [{ type: "plan", steps: stepsOf(item) }];
    case "error":
      return completed && item.message ? [{ type: "notice", text: item.message }] : [];
    default:
      return [];
  }
}

/** What Codex calls changes of files. */
const CHANGES: Record<string, string> = { add: "Create", update: "Edit", delete: "Delete" };

function readTool(id: string, title: string, fails: boolean, output: string): AgentEvent[] {
  const tool: AgentEvent = { type: "tool", id, title };
  return fails ? [tool, { type: "tool-failed", id, output }] : [tool];
}

function stepsOf({ items = [] }: Item) {
  const current = items.findIndex((step) => !step.completed);
  return items.map((step, index) => ({
    text: step.text ?? "",
    done: step.completed === true,
    current: index === current,
  }));
}
