import type { ContentBlock, SessionUpdate, ToolCallContent, ToolCallUpdate } from "@agentclientprotocol/sdk";
import type { AgentEvent, ToolFacts } from "../agent-event.ts";
import { errorWords } from "../error-words.ts";
import { boundedDiff, pathWithin, unifiedDiff } from "../unified-diff.ts";
import type { KnownAgent } from "./known-agents.ts";
import { exitCode, outputPiece, toolOutput } from "./tool-output.ts";
import { toolTitle } from "./tool-title.ts";

/** What is known of a tool call so far. */
export interface ToolCall {
  toolCallId: string;
  title: string | undefined;
  name: string | undefined;
  kind: string | undefined;
  content: readonly ToolCallContent[];
  rawInput: unknown;
  status: ToolCallUpdate["status"];
}

/** The protocol's states of a tool call, as the contract calls them. */
const STATES = {
  pending: "pending",
  in_progress: "running",
  completed: "completed",
  failed: "failed",
} as const;

/**
 * Reads the `session/update` notifications of one turn.
 * @see https://agentclientprotocol.com/protocol/v1/prompt-turn
 */
export class UpdateReader {
  readonly #agent: KnownAgent | undefined;
  readonly #folder: string;
  #messageId: string | null | undefined;
  readonly #tools = new Map<string, ToolCall>();
  /** Codex has said that its thread is broken; the words come with the next message. */
  #broken = false;

  /**
   * @param agent what is known of the agent beyond the protocol
   * @param folder where it works; files below it are named by their path from there
   */
  constructor(agent: KnownAgent | undefined, folder = "") {
    this.#agent = agent;
    this.#folder = folder;
  }

  read(update: SessionUpdate): AgentEvent[] {
    switch (update.sessionUpdate) {
      case "agent_message_chunk":
        return this.#readMessage(update);
      case "agent_thought_chunk":
        return readThought(update.content);
      case "tool_call":
      case "tool_call_update":
        return this.#readTool(update, update.sessionUpdate === "tool_call");
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

  /** What is known of a tool call, with what a request for permission says of it. */
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

  /** @param begins whether the call is reported for the first time */
  #readTool(update: ToolCallUpdate, begins: boolean): AgentEvent[] {
    const { toolCallId: id, status } = update;
    const call = this.#merge(update);
    const events: AgentEvent[] = [];
    if (call.title) {
      events.push({
        type: "tool",
        id,
        title: toolTitle(call.title, call.rawInput),
        facts: factsOf(update, call, begins),
      });
    }
    if (status === "failed") events.push({ type: "tool-failed", id, output: toolOutput(update) ?? "" });
    // Some tell the final diff once the call has ended.
    const hasChanges = status === "completed" || update.content?.length;
    if (call.status !== "completed" || !hasChanges) return events;
    const changes = this.#changesOf(call);
    return [...events, ...(changes.length > 0 ? changes : this.#writtenBy(call, update))];
  }

  /** The file that a call wrote which shows no diff (`write` of opencode 1.18). */
  #writtenBy(
    { toolCallId, kind, rawInput }: ToolCall,
    { locations, rawOutput }: ToolCallUpdate,
  ): AgentEvent[] {
    const { metadata } = (rawOutput ?? {}) as { metadata?: { filepath?: unknown; exists?: unknown } };
    const file = metadata?.filepath ?? locations?.[0]?.path;
    if (kind !== "edit" || typeof file !== "string") return [];
    const path = pathWithin(this.#folder, file);
    const { content, diff } = (rawInput ?? {}) as { content?: unknown; diff?: unknown };
    const isNew = metadata?.exists === false;
    // Where it asked for permission, the call's input is the question's: it has the diff.
    const shown =
      typeof diff === "string"
        ? diff
        : isNew && typeof content === "string"
          ? unifiedDiff({ path, newText: content })
          : undefined;
    const change = isNew ? "created" : "edited";
    return [{ type: "file", id: `${toolCallId}-1`, path, change, diff: shown && boundedDiff(shown) }];
  }

  /** The files that a tool call has changed. */
  #changesOf({ toolCallId, content }: ToolCall): AgentEvent[] {
    const diffs = content.filter((part) => part.type === "diff");
    return diffs.map((diff, index) => {
      const path = pathWithin(this.#folder, diff.path);
      const change = diff.oldText ? "edited" : "created";
      return {
        type: "file",
        id: `${toolCallId}-${index + 1}`,
        path,
        change,
        diff: boundedDiff(unifiedDiff({ ...diff, path })),
      };
    });
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
      rawInput: hasInput(update.rawInput) ? update.rawInput : known?.rawInput,
      status: update.status ?? known?.status,
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

/** What one update says of a call. */
function factsOf(update: ToolCallUpdate, call: ToolCall, begins: boolean): ToolFacts {
  const { status, rawOutput } = update;
  // What stands in a call when it begins says what it will do, also where it begins as running (Gemini).
  const isUnderWay = status === "in_progress" && !begins;
  const hasRun = isUnderWay || status === "completed" || status === "failed" || rawOutput !== undefined;
  return {
    name: call.name,
    input: call.rawInput,
    state: call.status ? STATES[call.status] : undefined,
    output: hasRun ? toolOutput(update) : undefined,
    outputPiece: outputPiece(update),
    exitCode: exitCode(update),
  };
}

/** An input that is still empty tells nothing: agents begin with one while the model writes. */
function hasInput(input: unknown): boolean {
  if (input === undefined || input === null) return false;
  return typeof input !== "object" || Object.keys(input).length > 0;
}

function readThought(content: ContentBlock): AgentEvent[] {
  return content.type === "text" && content.text !== "" ? [{ type: "thought", text: content.text }] : [];
}
