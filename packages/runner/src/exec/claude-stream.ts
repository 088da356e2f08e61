import type { Usage } from "@mission-control/agent";
import { toolTitle } from "../acp/tool-title.ts";
import type { AgentEvent, PlanStep } from "../agent-event.ts";
import { boundedDiff, pathWithin, unifiedDiff } from "../unified-diff.ts";

interface ContentPart {
  type?: string;
  text?: string;
  thinking?: string;
  id?: string;
  name?: string;
  input?: unknown;
  tool_use_id?: string;
  is_error?: boolean;
  content?: unknown;
}

/**
 * Reads a line of `claude -p … --output-format stream-json --verbose`.
 * @param folder where it works
 * @returns `undefined` when the line is none of Claude's
 */
export function readClaude(line: Record<string, unknown>, folder: string): AgentEvent[] | undefined {
  switch (line.type) {
    case "system":
      if (typeof line.subtype !== "string") return undefined;
      return line.subtype === "init" ? [{ type: "began" }] : [];
    case "assistant":
    case "user":
      // Asked to, it repeats what was said to it once it takes that up.
      if (line.isReplay === true) return [{ type: "heard", id: String(line.uuid) }];
      // Claude Code itself asks on, for instance where the model said nothing.
      return line.isSynthetic === true ? [] : readMessage(line, folder);
    case "result":
      return typeof line.subtype === "string" ? readEnd(line, line.subtype) : undefined;
    case "command_lifecycle":
      // What was said to it, by the id it was written with: queued, started, completed.
      return line.state === "started" ? [{ type: "heard", id: String(line.command_uuid) }] : [];
    case "control_response":
      return [];
    default:
      // Whatever else it says of its session is no text for people.
      return typeof line.session_id === "string" && typeof line.uuid === "string" ? [] : undefined;
  }
}

function readMessage(line: Record<string, unknown>, folder: string): AgentEvent[] | undefined {
  const parts = partsOf(line.message);
  const events = parts?.flatMap(readPart);
  const [result] = parts?.filter(({ type }) => type === "tool_result") ?? [];
  const change = result?.tool_use_id && !result.is_error && readChange(line.tool_use_result, folder);
  return change ? [...(events ?? []), { ...change, id: `${result.tool_use_id}-1` }] : events;
}

function readPart(part: ContentPart): AgentEvent[] {
  if (part.type === "text" && part.text) return [{ type: "text", text: part.text, ends: true }];
  if (part.type === "thinking" && part.thinking) {
    return [{ type: "thought", text: part.thinking, ends: true }];
  }
  if (part.type === "tool_use" && part.id && part.name) {
    const steps = part.name === "TodoWrite" ? stepsOf(part.input) : [];
    if (steps.length > 0) return [{ type: "plan", steps }];
    const title = toolTitle(part.name, part.input);
    return [
      { type: "tool", id: part.id, title, facts: { name: part.name, input: part.input, state: "running" } },
    ];
  }
  return part.type === "tool_result" && part.tool_use_id ? readResult(part, part.tool_use_id) : [];
}

function readResult({ content, is_error }: ContentPart, id: string): AgentEvent[] {
  const output = typeof content === "string" ? content : textOf(content);
  const [, code] = /^Exit code (\d+)(?:\n|$)/.exec(output) ?? [];
  const state = is_error ? "failed" : "completed";
  const exit = is_error && code !== undefined ? { exitCode: Number(code) } : {};
  const ended: AgentEvent = { type: "tool", id, facts: { output, state, ...exit } };
  return is_error ? [ended, { type: "tool-failed", id, output }] : [ended];
}

function textOf(content: unknown): string {
  if (!Array.isArray(content)) return "";
  return (content as ContentPart[]).map(({ type, text }) => text ?? `(${type})`).join("\n");
}

/** What `Edit` and `Write` report of the file they have changed, beside their result for the model. */
function readChange(
  result: unknown,
  folder: string,
): Omit<Extract<AgentEvent, { type: "file" }>, "id"> | undefined {
  const { filePath, type, content, structuredPatch } = (result ?? {}) as {
    filePath?: unknown;
    type?: unknown;
    content?: unknown;
    structuredPatch?: unknown;
  };
  if (typeof filePath !== "string" || !Array.isArray(structuredPatch)) return undefined;
  const path = pathWithin(folder, filePath);
  if (type === "create" && typeof content === "string") {
    const diff = boundedDiff(unifiedDiff({ path, oldText: null, newText: content }));
    return { type: "file", path, change: "created", diff };
  }
  const hunks = (structuredPatch as Hunk[]).map(
    ({ oldStart, oldLines, newStart, newLines, lines }) =>
      `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@\n${(lines ?? []).join("\n")}\n`,
  );
  const diff = boundedDiff(`--- ${path}\n+++ ${path}\n${hunks.join("")}`);
  return { type: "file", path, change: "edited", diff };
}

interface Hunk {
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  lines?: string[];
}

/** The list of `TodoWrite`. */
function stepsOf(input: unknown): PlanStep[] {
  const { todos } = (input ?? {}) as { todos?: { content?: unknown; status?: unknown }[] };
  if (!Array.isArray(todos)) return [];
  return todos.map(({ content, status }) => ({
    text: String(content),
    done: status === "completed",
    current: status === "in_progress",
  }));
}

/**
 * A `result` line. Its `subtype` is `success` also for an API error (then `is_error` is set), and where a hook or a
 * limit ended the turn (then `terminal_reason` says which).
 */
function readEnd(line: Record<string, unknown>, subtype: string): AgentEvent[] {
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

/** What it read again, from its cache and into its cache are counted apart there; all of it is input. */
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
