import type { SessionUpdate, ToolCallContent, ToolCallUpdate } from "@agentclientprotocol/sdk";
import type { AgentEvent } from "../agent-event.ts";
import { errorWords } from "../error-words.ts";
import type { KnownAgent } from "./known-agents.ts";
import { toolTitle } from "./tool-title.ts";

/** What is known of a tool call so far. */
export interface ToolCall {
  toolCallId: string;
  title: string | undefined;
  name: string | undefined;
  kind: string | undefined;
  content: readonly ToolCallContent[];
  rawInput: unknown;
}

/**
 * Reads the `session/update` notifications of one turn.
 * @see https://agentclientprotocol.com/protocol/v1/prompt-turn
 */
export class UpdateReader {
  readonly #agent: KnownAgent | undefined;
  #messageId: string | null | undefined;
  readonly #tools = new Map<string, ToolCall>();
  /** Codex has said that its thread is broken; the words come with the next message. */
  #broken = false;

  /** @param agent what is known of the agent beyond the protocol */
  constructor(agent: KnownAgent | undefined) {
    this.#agent = agent;
  }

  read(update: SessionUpdate): AgentEvent[] {
    switch (update.sessionUpdate) {
      case "agent_message_chunk":
        return this.#readMessage(update);
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
      case "notice": {
        const text = [update.title, update.description].filter(Boolean).join(": ");
        return [{ type: update.severity === "error" ? "trouble" : "notice", text }];
      }
      case "session_info_update":
        return this.#readCodexState(update._meta);
      default:
        return [];
    }
  }

  /** What is known of a tool call, with what a request for permission tells of it. */
  toolCall(request: ToolCallUpdate): ToolCall {
    return this.#merge(request);
  }

  #readMessage(update: Extract<SessionUpdate, { sessionUpdate: "agent_message_chunk" }>): AgentEvent[] {
    const { content, messageId } = update;
    if (content.type !== "text" || content.text === "") return [];
    const own = this.#agent?.readMessage?.({ text: content.text, messageId });
    if (own) {
      const text = errorWords("text" in own ? own.text : "") ?? "";
      if (this.#broken) return [{ type: "trouble", text }];
      return own.type === "notice" || own.type === "trouble" ? [{ type: own.type, text }] : [own];
    }
    const isNext = this.#messageId !== undefined && messageId !== this.#messageId;
    this.#messageId = messageId;
    const piece: AgentEvent = { type: "text", text: content.text };
    return isNext ? [{ type: "text", text: "", ends: true }, piece] : [piece];
  }

  #readTool(update: ToolCallUpdate): AgentEvent[] {
    const { toolCallId: id, status, content, rawOutput } = update;
    const { title, rawInput } = this.#merge(update);
    const events: AgentEvent[] = [];
    if (title) events.push({ type: "tool", id, title: toolTitle(title, rawInput) });
    if (status === "failed") events.push({ type: "tool-failed", id, output: toolOutput(content, rawOutput) });
    return events;
  }

  /** Later fields win; an empty one says nothing. */
  #merge(update: ToolCallUpdate): ToolCall {
    const known = this.#tools.get(update.toolCallId);
    const merged: ToolCall = {
      toolCallId: update.toolCallId,
      title: update.title?.trim() || known?.title,
      name: update.name || known?.name,
      kind: update.kind ?? known?.kind,
      content: update.content?.length ? update.content : (known?.content ?? []),
      rawInput: update.rawInput ?? known?.rawInput,
    };
    this.#tools.set(update.toolCallId, merged);
    return merged;
  }

  /** `_meta.codex` of codex-acp 2.6: the state of its thread, and errors after which it tries again. */
  #readCodexState(meta: Record<string, unknown> | null | undefined): AgentEvent[] {
    const { threadStatus, error } = (meta?.codex ?? {}) as {
      threadStatus?: { type?: unknown };
      error?: unknown;
    };
    const events: AgentEvent[] = [];
    if (error) events.push({ type: "trouble", text: errorWords(error) ?? "" });
    if (threadStatus?.type === "systemError") {
      this.#broken = true;
      events.push({ type: "trouble", text: "" });
    }
    return events;
  }
}

function toolOutput(content: ToolCallContent[] | null | undefined, rawOutput: unknown): string {
  for (const part of content ?? []) {
    // Claude Code puts it into a fence.
    if (part.type === "content" && part.content.type === "text")
      return part.content.text.replace(/\n?```$/, "");
  }
  return errorWords(rawOutput) ?? "";
}
