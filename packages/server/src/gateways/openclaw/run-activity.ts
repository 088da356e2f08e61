import type { JsonObject } from "@mission-control/protocol";
import { asObject, asObjects, asText } from "./frames.ts";

const MAX_SHORT_CHARACTERS = 200;
const MAX_TEXT_CHARACTERS = 2000;
/** Activities of one run within a window; what comes above is counted, not told. */
const MAX_PER_WINDOW = 10;
const WINDOW_MS = 2000;
/** The arguments of common tools that say what is being done. */
const TELLING_ARGUMENTS = ["command", "path", "file_path", "url", "query", "pattern"];
/** What a report command begins with; nothing a reader wants to see. */
const REPORT_VARIABLES = /\bMISSION_CONTROL_[A-Z_]+=('[^']*'|"[^"]*"|\S*)\s*(\\\n\s*)?/g;

/** One thing an agent did, in words. */
export interface Activity {
  message: string;
  data: JsonObject;
}

/**
 * Turns the gateway's many small events of one run into few readable activities: each tool call, each failed
 * one, and what the agent said between them; never a flood.
 */
export class RunActivity {
  readonly #redact: (text: string) => string;
  readonly #now: () => number;
  #toolEvents = false;
  #started = false;
  #said = "";
  /** The preamble that {@link #said} was told by last. */
  #preambleId: string | undefined;
  #windowEnd = 0;
  #inWindow = 0;
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
   * Says which stream tells the tool calls. The connection that started a run sees `tool` events, with their
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
      case "tool":
        if (phase === "start")
          return this.#toolStart(asText(data.name) ?? "tool", this.#arguments(data.args));
        if (phase === "result" && data.isError === true) return this.#toolFailed(data);
        return [];
      case "item":
        if (data.kind === "preamble") return this.#preamble(asText(data.itemId), asText(data.progressText));
        if (this.#toolEvents || data.kind !== "tool" || phase !== "start") return [];
        return this.#toolStart(asText(data.name) ?? "tool", this.#short(asText(data.title) ?? ""));
      default:
        return [];
    }
  }

  #lifecycle(phase: string | undefined, data: JsonObject): Activity[] {
    if (phase === "start" && !this.#started) {
      this.#started = true;
      return this.#announce("The agent's run has started", { phase });
    }
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

  #toolStart(tool: string, what: string): Activity[] {
    return [
      ...this.#flushSaid(),
      ...this.#announce(what ? `${tool}: ${what}` : tool, { phase: "start", tool }),
    ];
  }

  #toolFailed(data: JsonObject): Activity[] {
    const tool = asText(data.name) ?? "tool";
    const text = asObjects(asObject(data.result).content)
      .map((part) => asText(part.text) ?? "")
      .join("\n");
    const why = this.#short(text) || "no reason given";
    return this.#announce(`${tool} failed: ${why}`, { phase: "error", tool });
  }

  /** What the agent said before it went on to use a tool. Its last words come with the end of the run. */
  #flushSaid(): Activity[] {
    const said = this.#redact(this.#said).trim();
    this.#said = "";
    return said ? this.#announce(cut(said, MAX_TEXT_CHARACTERS), { phase: "said" }) : [];
  }

  /** The part of a tool's arguments that tells a reader most. */
  #arguments(args: unknown): string {
    const object = asObject(args);
    const value = TELLING_ARGUMENTS.map((name) => asText(object[name])).find((text) => text !== undefined);
    if (value !== undefined) return this.#short(value.replaceAll(REPORT_VARIABLES, ""));
    return Object.keys(object).length > 0 ? this.#short(JSON.stringify(object)) : "";
  }

  /** A text without the secret, on one line, cut. */
  #short(text: string): string {
    return cut(this.#redact(text).replace(/\s+/g, " ").trim(), MAX_SHORT_CHARACTERS);
  }

  #announce(message: string, data: JsonObject): Activity[] {
    const now = this.#now();
    if (now >= this.#windowEnd) {
      this.#windowEnd = now + WINDOW_MS;
      this.#inWindow = 0;
    }
    if (this.#inWindow >= MAX_PER_WINDOW) {
      this.#skipped += 1;
      return [];
    }
    this.#inWindow += 1;
    const skipped = this.#skipped > 0 ? { skipped: this.#skipped } : {};
    this.#skipped = 0;
    return [{ message, data: { source: "gateway", ...data, ...skipped } }];
  }
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}
