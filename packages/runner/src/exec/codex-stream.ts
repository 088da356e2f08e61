import type { AgentEvent, FileChange, ToolFacts } from "../agent-event.ts";
import { errorWords } from "../error-words.ts";
import { pathWithin } from "../unified-diff.ts";

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
  arguments?: unknown;
  result?: unknown;
  error?: unknown;
  query?: string;
}

/**
 * Reads a line of `codex exec --json`.
 * @param folder where it works
 * @returns `undefined` when the line is none of Codex'
 */
export function readCodex(line: Record<string, unknown>, folder: string): AgentEvent[] | undefined {
  switch (line.type) {
    case "thread.started":
      return [{ type: "began" }];
    case "turn.started":
      return [];
    case "item.started":
    case "item.updated":
    case "item.completed":
      return readItem((line.item ?? {}) as Item, line.type === "item.completed", folder);
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

function readItem(item: Item, completed: boolean, folder: string): AgentEvent[] {
  const id = item.id ?? "";
  switch (item.type) {
    case "agent_message":
      return completed && item.text ? [{ type: "text", text: item.text, ends: true }] : [];
    case "reasoning":
      return completed && item.text ? [{ type: "thought", text: item.text, ends: true }] : [];
    case "command_execution": {
      const fails = item.status === "failed" || item.status === "declined" || Boolean(item.exit_code);
      return readTool(id, item.command ?? "A command", completed, completed && fails, {
        input: { command: item.command },
        output: item.aggregated_output,
        exitCode: item.exit_code ?? undefined,
      });
    }
    case "file_change": {
      const changes = item.changes ?? [];
      const names = changes.map(({ path, kind }) => `${CHANGES[kind ?? ""]?.title ?? "Change"} ${path}`);
      const title = names.join(", ") || "Change files";
      const tool = readTool(id, title, completed, item.status === "failed", {});
      return completed && item.status !== "failed" ? [...tool, ...filesOf(item, folder)] : tool;
    }
    case "mcp_tool_call": {
      const title = [item.server, item.tool].filter(Boolean).join(" · ") || "An MCP tool";
      const output =
        errorWords(item.error) ?? (item.result ? JSON.stringify(item.result, null, 2) : undefined);
      return readTool(id, title, completed, item.status === "failed", {
        name: item.tool,
        input: item.arguments,
        output,
      });
    }
    case "web_search":
      // The query is known only at its end.
      return item.query
        ? readTool(id, `Search the web: ${item.query}`, completed, false, { input: { query: item.query } })
        : [];
    case "todo_list":
      return [{ type: "plan", steps: stepsOf(item) }];
    case "error":
      return completed && item.message ? [{ type: "notice", text: item.message }] : [];
    default:
      return [];
  }
}

/** What Codex calls changes of files. */
const CHANGES: Record<string, { title: string; change: FileChange }> = {
  add: { title: "Create", change: "created" },
  update: { title: "Edit", change: "edited" },
  delete: { title: "Delete", change: "deleted" },
};

function readTool(
  id: string,
  title: string,
  completed: boolean,
  fails: boolean,
  facts: ToolFacts,
): AgentEvent[] {
  const state = fails ? "failed" : completed ? "completed" : "running";
  const known = Object.entries(facts).filter(([, value]) => value !== undefined);
  const tool: AgentEvent = { type: "tool", id, title, facts: { ...Object.fromEntries(known), state } };
  return fails ? [tool, { type: "tool-failed", id, output: facts.output ?? "" }] : [tool];
}

/** The files of a change; their content is not told. */
function filesOf({ id, changes = [] }: Item, folder: string): AgentEvent[] {
  return changes.map(({ path = "", kind = "" }, index) => ({
    type: "file",
    id: `${id}-${index + 1}`,
    path: pathWithin(folder, path),
    change: CHANGES[kind]?.change ?? "edited",
  }));
}

function stepsOf({ items = [] }: Item) {
  const current = items.findIndex((step) => !step.completed);
  return items.map((step, index) => ({
    text: step.text ?? "",
    done: step.completed === true,
    current: index === current,
  }));
}
