import type { AgentEvent } from "../agent-event.ts";

interface Item {
  id?: string;
  type?: string;
  text?: string;
  command?: string;
  aggregated_output?: string;
  exit_code?: number | null;
  message?: string;
  items?: { text?: string; completed?: boolean }[];
}

/**
 * Reads a line of `codex exec --json`.
 * @returns `undefined` when the line is none of Codex'
 */
export function readCodex(line: Record<string, unknown>): AgentEvent[] | undefined {
  switch (line.type) {
    case "thread.started":
    case "turn.started":
      return [];
    case "item.started":
    case "item.updated":
    case "item.completed":
      return readItem(line.item as Item | undefined, line.type === "item.completed");
    case "turn.completed": {
      const usage = line.usage as { input_tokens?: number; output_tokens?: number } | undefined;
      if (!usage) return [];
      return [
        { type: "usage", usage: { inputTokens: usage.input_tokens, outputTokens: usage.output_tokens } },
      ];
    }
    case "turn.failed": {
      const { message } = (line.error ?? {}) as { message?: string };
      return [{ type: "result", ok: false, text: message ?? "The turn failed." }];
    }
    case "error":
      return typeof line.message === "string"
        ? [{ type: "text", text: line.message, ends: true }]
        : undefined;
    default:
      return undefined;
  }
}

function readItem(item: Item | undefined, completed: boolean): AgentEvent[] {
  const id = item?.id ?? "";
  switch (item?.type) {
    case "agent_message":
      return completed && item.text ? [{ type: "text", text: item.text, ends: true }] : [];
    case "command_execution": {
      const started: AgentEvent = { type: "tool", id, title: item.command ?? "A command" };
      if (!completed || !item.exit_code) return [started];
      return [started, { type: "tool-failed", id, output: item.aggregated_output ?? "" }];
    }
    case "todo_list": {
      const steps = item.items ?? [];
      const current = steps.findIndex((step) => !step.completed);
      return [
        {
          type: "plan",
          steps: steps.map((step, index) => ({
            text: step.text ?? "",
            done: step.completed === true,
            current: index === current,
          })),
        },
      ];
    }
    case "error":
      return completed && item.message ? [{ type: "text", text: item.message, ends: true }] : [];
    default:
      return [];
  }
}
