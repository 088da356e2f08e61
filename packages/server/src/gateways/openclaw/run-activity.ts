import type { Entry, JsonObject } from "@mission-control/protocol";
import {
  asEntry,
  commandOutputEntry,
  contentText,
  planEntry,
  toolItemEntry,
  toolResultEntry,
  toolStartEntry,
} from "./event-entries.ts";
import { asObject, asText } from "./frames.ts";
import { redactAll } from "./redaction.ts";

const MAX_SHORT_CHARACTERS = 200;
const MAX_TEXT_CHARACTERS = 2000;
/**
 * Activities of one run within a window: those with words; and all, which are entries of the transcript. What comes
 * above is counted, not reported.
 */
const MAX_PER_WINDOW = { words: 10, all: 100 };
const WINDOW_MS = 2000;
/** The arguments of common tools that say what is being done. */
const TELLING_ARGUMENTS = ["command", "path", "file_path", "url", "query", "pattern"];
/** What a report command begins with; nothing a reader wants to see. */
const REPORT_VARIABLES = /\bMISSION_CONTROL_[A-Z_]+=('[^']*'|"[^"]*"|\S*)\s*(\\\n\s*)?/g;

/** One thing an agent did: in words, as an entry of the transcript (`data.entry`), or as both. */
export interface Activity {
  message: string | undefined;
  data: JsonObject;
}

/**
 * Turns the gateway's many small events of one run into few activities: each tool call with its end, what the agent
 * said between them, what it thought and planned; never a flood.
 */
export class RunActivity {
  readonly #redact: (text: string) => string;
  readonly #now: () => number;
  #toolEvents = false;
  #started = false;
  #said = "";
  #thought = "";
  /** The preamble that {@link #said} came with last. */
  #preambleId: string | undefined;
  /** How often each id of a tool call was used before, and whether it is in use. Some models start counting over. */
  readonly #calls = new Map<string, { uses: number; isOpen: boolean }>();
  #windowEnd = 0;
  #inWindow = { words: 0, all: 0 };
  #skipped = 0;

  /**
   * @param redact takes the dispatch's secret out of a text
   * @param now a clock in milliseconds
   */
  constructor(redact: (text: string) => string, now: () => number) {
    this.#redact = redact;
    this.#now = now;
  }

  /**
   * Says which stream reports the tool calls. The connection that started a run sees `tool` events, with their
   * arguments; any other one only `item` events.
   */
  useToolEvents(present: boolean): void {
    this.#toolEvents = present;
  }

  /** Takes the payload of an `agent` event and returns what it amounts to, if anything. */
  take(payload: JsonObject): Activity[] {
    const data = asObject(payload.data);
    const phase = asText(data.phase);
    switch (asText(payload.stream)) {
      case "lifecycle":
        return this.#lifecycle(phase, data);
      case "assistant":
        this.#said = asText(data.text) ?? this.#said;
        return [];
      case "thinking":
        this.#thought = asText(data.text) ?? this.#thought;
        return [];
      case "tool":
        if (phase === "start") return this.#toolStart(data, this.#arguments(data.args), toolStartEntry);
        return phase === "result" ? this.#toolResult(data) : [];
      case "item":
        if (data.kind === "preamble") return this.#preamble(asText(data.itemId), asText(data.progressText));
        if (this.#toolEvents || data.kind !== "tool") return [];
        if (phase === "start")
          return this.#toolStart(data, this.#short(asText(data.title) ?? ""), itemStartEntry);
        return phase === "end"
          ? this.#toolPart(data, phase, toolItemEntry(this.#endOf(data), this.#redacted(data)))
          : [];
      case "command_output":
        if (this.#toolEvents || phase !== "end") return [];
        return this.#toolPart(data, phase, commandOutputEntry(this.#idOf(data), this.#redacted(data)));
      case "plan":
        return this.#announce(undefined, { phase: "plan" }, planEntry(this.#redacted(data)));
      default:
        return [];
    }
  }

  #lifecycle(phase: string | undefined, data: JsonObject): Activity[] {
    if (phase === "start" && !this.#started) {
      this.#started = true;
      return this.#announce("The agent's run has started", { phase });
    }
    // Its last words come with the end of the run, its last thoughts only here.
    if (phase === "end") return this.#flushThought();
    const error = phase === "finishing" && asText(data.error);
    return error ? this.#announce(`The model call failed: ${this.#short(error)}`, { phase }) : [];
  }

  /** What an agent says before a tool may come as an item of its own, in growing pieces, instead of `assistant`. */
  #preamble(itemId: string | undefined, text: string | undefined): Activity[] {
    if (text === undefined) return [];
    const earlier = itemId !== undefined && itemId !== this.#preambleId ? this.#flushSaid() : [];
    this.#preambleId = itemId;
    this.#said = text;
    return earlier;
  }

  #toolStart(
    data: JsonObject,
    what: string,
    entryOf: (id: string, title: string, data: JsonObject) => Entry | undefined,
  ): Activity[] {
    const tool = asText(data.name) ?? "tool";
    const entry =
      data.toolCallId === undefined ? undefined : entryOf(this.#beginOf(data), what, this.#redacted(data));
    return [
      ...this.#flushThought(),
      ...this.#flushSaid(),
      ...this.#announce(what ? `${tool}: ${what}` : tool, { phase: "start", tool }, entry),
    ];
  }

  #toolResult(data: JsonObject): Activity[] {
    const tool = asText(data.name) ?? "tool";
    const entry =
      data.toolCallId === undefined ? undefined : toolResultEntry(this.#endOf(data), this.#redacted(data));
    if (data.isError !== true) return this.#toolPart(data, "result", entry);
    const why = this.#short(contentText(asObject(data.result).content)) || "no reason given";
    return this.#announce(`${tool} failed: ${why}`, { phase: "error", tool }, entry);
  }

  /** What a reader of the transcript sees of a tool call, and a reader of activities does not need. */
  #toolPart(data: JsonObject, phase: string, entry: Entry | undefined): Activity[] {
    const isOfCall = data.toolCallId !== undefined;
    return isOfCall ? this.#announce(undefined, { phase, tool: asText(data.name) ?? "tool" }, entry) : [];
  }

  #idOf({ toolCallId }: JsonObject): string {
    const id = String(toolCallId);
    const uses = this.#calls.get(id)?.uses ?? 0;
    return uses === 0 ? id : `${id} (${uses + 1})`;
  }

  #beginOf(data: JsonObject): string {
    const id = String(data.toolCallId);
    const known = this.#calls.get(id);
    if (!known?.isOpen) this.#calls.set(id, { uses: known ? known.uses + 1 : 0, isOpen: true });
    return this.#idOf(data);
  }

  #endOf(data: JsonObject): string {
    const known = this.#calls.get(String(data.toolCallId));
    if (known) known.isOpen = false;
    return this.#idOf(data);
  }

  /** What the agent said before it went on to use a tool. Its last words come with the end of the run. */
  #flushSaid(): Activity[] {
    const said = this.#redact(this.#said).trim();
    this.#said = "";
    if (!said) return [];
    const entry = asEntry({ kind: "message", role: "assistant", text: said });
    return this.#announce(cut(said, MAX_TEXT_CHARACTERS), { phase: "said" }, entry);
  }

  #flushThought(): Activity[] {
    const text = this.#redact(this.#thought).trim();
    this.#thought = "";
    return text ? this.#announce(undefined, { phase: "thought" }, asEntry({ kind: "thought", text })) : [];
  }

  /** The part of a tool's arguments that says most to a reader. */
  #arguments(args: unknown): string {
    const object = asObject(args);
    const value = TELLING_ARGUMENTS.map((name) => asText(object[name])).find((text) => text !== undefined);
    if (value !== undefined) return this.#short(value.replaceAll(REPORT_VARIABLES, ""));
    return Object.keys(object).length > 0 ? this.#short(JSON.stringify(object)) : "";
  }

  /** What an entry is made of, before its texts are cut: half a secret would not be known for one. */
  #redacted({ args, ...data }: JsonObject): JsonObject {
    const readable = (text: string) => this.#redact(text.replaceAll(REPORT_VARIABLES, ""));
    return { ...(redactAll(data, this.#redact) as JsonObject), args: redactAll(args ?? null, readable) };
  }

  /** A text without the secret, on one line, cut. */
  #short(text: string): string {
    return cut(this.#redact(text).replace(/\s+/g, " ").trim(), MAX_SHORT_CHARACTERS);
  }

  /** @param entry without one, and without words, there is nothing to report */
  #announce(message: string | undefined, data: JsonObject, entry?: Entry): Activity[] {
    if (message === undefined && entry === undefined) return [];
    const now = this.#now();
    if (now >= this.#windowEnd) {
      this.#windowEnd = now + WINDOW_MS;
      this.#inWindow = { words: 0, all: 0 };
    }
    const hasWords = message !== undefined && this.#inWindow.words < MAX_PER_WINDOW.words;
    if (!hasWords && (entry === undefined || this.#inWindow.all >= MAX_PER_WINDOW.all)) {
      this.#skipped += 1;
      return [];
    }
    this.#inWindow.all += 1;
    if (hasWords) this.#inWindow.words += 1;
    const skipped = this.#skipped > 0 ? { skipped: this.#skipped } : {};
    this.#skipped = 0;
    const details = {
      source: "gateway",
      ...data,
      ...skipped,
      ...(entry ? { entry: entry as JsonObject } : {}),
    };
    return [{ message: hasWords ? message : undefined, data: details }];
  }
}

function itemStartEntry(id: string, _: string, data: JsonObject): Entry | undefined {
  return toolItemEntry(id, data);
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}
