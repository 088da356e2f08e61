import { createHash } from "node:crypto";
import { stripVTControlCharacters } from "node:util";
import type { Entry } from "@mission-control/agent";
import type { AgentEvent, PlanStep, ToolFacts } from "./agent-event.ts";
import { shortLine } from "./short-line.ts";
import { toolInput } from "./tool-input.ts";

const MAX_LINE = 500;
/** So much is held of an output that comes in pieces, in UTF-16 units; of a longer one, its beginning and its end. */
const MAX_RUNNING_OUTPUT = 8 * 1024 * 1024;
const LEFT_OUT = "\n[… left out here: too long to be held by the runner …]\n";

/** Of what a program prints, so much is one entry, in UTF-16 units: each goes out whole when it has grown. */
const MAX_PRINTED = 16 * 1024;

/** Something to tell the operator. */
export interface Note {
  /** In one line, for those who read no transcript. */
  line?: string;
  /** The line stands in for an earlier one, where that has not gone out yet. */
  replaces?: string;
  /** What the transcript shows; the same object each time it has grown. */
  entry?: Entry;
  /** It began or ended, and shall be told at once; else it is one of many pieces. */
  now?: boolean;
}

type ToolEntry = Extract<Entry, { kind: "tool" }>;
type TextEntry<Kind extends "message" | "thought"> = Extract<Entry, { kind: Kind }> & { text: string };

/**
 * Turns what an agent does into what an operator reads: pieces of text into messages, the updates of a tool call into
 * one entry, each with a line for those who read no transcript.
 */
export class Narration {
  readonly #now: () => number;
  readonly #titles = new Map<string, string>();
  /** Calls that have not ended, with when they were first seen. */
  readonly #tools = new Map<string, { entry: ToolEntry; since: number }>();
  /** The call that ended last: why it failed belongs to it. */
  #ended: ToolEntry | undefined;
  #text: { entry: TextEntry<"message">; isWhole: boolean } | undefined;
  /** What the program has printed, and the last line of it, which may be the summary. */
  #printed: ToolEntry | undefined;
  #line = "";
  #thought: { entry: TextEntry<"thought">; isWhole: boolean } | undefined;
  #count = 0;
  #lastMessage = "";
  #lastState = "";
  /** How much of its plan is done, from 0 to 1. */
  fraction: number | undefined;

  /** @param now the clock, for how long a call took */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The last whole message: what the agent says at the end is the summary. */
  get lastMessage(): string {
    return this.#line || this.#text?.entry.text.trim() || this.#lastMessage;
  }

  /** The last thing it was seen doing, for a failure report. */
  get lastState(): string | undefined {
    return short(this.#line || (this.#text?.entry.text ?? "")) || this.#lastState || undefined;
  }

  take(event: AgentEvent): Note[] {
    switch (event.type) {
      case "text":
        return [
          ...this.#endThought(),
          ...this.#endLine(),
          ...this.#takeText(event.text, event.ends ?? false),
        ];
      case "line":
        return [...this.#endText(), ...this.#takeLine(event.text)];
      case "thought":
        return [
          ...this.#endLine(),
          ...this.#endMessage(),
          ...this.#takeThought(event.text, event.ends ?? false),
        ];
      case "tool":
        return [...this.#endText(), ...this.#takeTool(event.id, event.title, event.facts ?? {})];
      case "tool-failed": {
        const title = this.#titles.get(event.id) ?? "A tool call";
        const [line] = this.#say(`${title} failed${event.output ? `: ${lastLine(event.output)}` : ""}`);
        const entry = this.#ended?.id === entryId("tool", event.id) ? { entry: this.#ended } : {};
        return [{ ...line, ...entry, now: true }];
      }
      case "file": {
        const { path, change, diff } = event;
        return [{ entry: { id: entryId("file", event.id), kind: "file", path, change, diff }, now: true }];
      }
      case "notice":
      case "trouble":
        return this.say(event.text);
      case "plan":
        return [...this.#endText(), ...this.#takePlan(event.steps)];
      case "usage":
      case "began":
      case "heard":
      case "refused": // Who refused it says so.
      case "result": // Its text is the summary, not progress.
        return [];
    }
  }

  /** Says something of the runner's own. */
  say(text: string): Note[] {
    return [...this.#endText(), ...this.#say(text)];
  }

  /** What is still open, whole: its line is not told, for the last message is the summary. */
  end(): Note[] {
    const said = this.#text && this.#text.entry.text.trim() !== "" ? [{ entry: this.#text.entry }] : [];
    return [...this.#endThought(), ...said, ...this.#endPrinted()];
  }

  #takeLine(text: string): Note[] {
    const full = (this.#printed?.output?.length ?? 0) > MAX_PRINTED ? this.#endPrinted() : [];
    this.#printed ??= { id: `output-${++this.#count}`, kind: "tool", title: "Output", state: "running" };
    const entry = this.#printed;
    entry.output = `${entry.output ?? ""}${text}\n`;
    this.#line = stripVTControlCharacters(text).trim();
    return [...full, { entry }];
  }

  /** The last line was not the last of all. */
  #endLine(): Note[] {
    const line = this.#line;
    this.#line = "";
    if (line === "") return [];
    this.#lastMessage = line;
    return this.#say(line).map((note) => ({ ...note, ...(this.#printed && { entry: this.#printed }) }));
  }

  #endPrinted(): Note[] {
    const entry = this.#printed;
    this.#printed = undefined;
    if (!entry) return [];
    entry.state = "completed";
    return [{ entry }];
  }

  #takeText(text: string, ends: boolean): Note[] {
    const notes = this.#text?.isWhole ? this.#endMessage() : [];
    this.#text ??= {
      entry: { id: `message-${++this.#count}`, kind: "message", role: "assistant", text: "" },
      isWhole: false,
    };
    const { entry } = this.#text;
    entry.text += text;
    this.#text.isWhole = ends;
    return entry.text.trim() === "" ? notes : [...notes, { entry }];
  }

  #takeThought(text: string, ends: boolean): Note[] {
    const notes = this.#thought?.isWhole ? this.#endThought() : [];
    this.#thought ??= {
      entry: { id: `thought-${++this.#count}`, kind: "thought", text: "" },
      isWhole: false,
    };
    const { entry } = this.#thought;
    entry.text += text;
    this.#thought.isWhole = ends;
    return entry.text.trim() === "" ? notes : [...notes, { entry }];
  }

  #takeTool(id: string, title: string | undefined, facts: ToolFacts): Note[] {
    const known = this.#titles.get(id);
    if (title === undefined && known === undefined) return [];
    const [line] = this.#lineOf(id, known, title ?? "");
    const { entry, since } = this.#open(id, title ?? known ?? "");
    const changed = facts.state !== undefined && facts.state !== entry.state;
    assign(entry, facts);
    if (facts.state === "completed" || facts.state === "failed") {
      if (since !== undefined) entry.durationMs = Math.max(0, Math.round(this.#now() - since));
      this.#tools.delete(id);
      this.#ended = entry;
    }
    return [{ ...line, entry, now: changed || line !== undefined }];
  }

  #lineOf(id: string, known: string | undefined, title: string): Note[] {
    if (title === "" || known === title) return [];
    this.#titles.set(id, title);
    const replaces = known === undefined ? {} : { replaces: short(known) };
    return this.#say(title).map((note) => ({ ...note, ...replaces }));
  }

  /**
   * The entry of a call, and when it was first seen. What comes after a call has ended makes an entry that only adds to
   * what was reported of it.
   */
  #open(id: string, title: string): { entry: ToolEntry; since: number | undefined } {
    const open = this.#tools.get(id);
    if (open) {
      open.entry.title = title;
      return open;
    }
    const entry: ToolEntry = { id: entryId("tool", id), kind: "tool", title };
    if (this.#ended?.id === entry.id) return { entry, since: undefined };
    const begun = { entry, since: this.#now() };
    this.#tools.set(id, begun);
    return begun;
  }

  #takePlan(steps: readonly PlanStep[]): Note[] {
    if (steps.length === 0) return [];
    const done = steps.filter((step) => step.done).length;
    this.fraction = done / steps.length;
    const next = steps.find((step) => step.current) ?? steps.find((step) => !step.done);
    const words = next
      ? `Step ${done + 1} of ${steps.length}: ${next.text}`
      : `All ${steps.length} steps are done`;
    const entry: Entry = {
      id: "plan",
      kind: "plan",
      steps: steps.map((step) => ({
        title: step.text,
        state: step.done ? "completed" : step.current ? "running" : "pending",
      })),
    };
    const [line] = this.#say(words);
    return [{ ...line, entry, now: true }];
  }

  #endText(): Note[] {
    return [...this.#endThought(), ...this.#endLine(), ...this.#endMessage()];
  }

  #endMessage(): Note[] {
    const text = this.#text;
    this.#text = undefined;
    const said = text?.entry.text.trim() ?? "";
    if (!text || said === "") return [];
    this.#lastMessage = said;
    return this.#say(said).map((note) => ({ ...note, entry: text.entry, now: true }));
  }

  #endThought(): Note[] {
    const thought = this.#thought;
    this.#thought = undefined;
    return thought && thought.entry.text.trim() !== "" ? [{ entry: thought.entry }] : [];
  }

  #say(text: string): Note[] {
    const line = short(text);
    if (line === "") return [];
    this.#lastState = line;
    return [{ line }];
  }
}

/** Later facts win; an output in pieces grows. */
function assign(entry: ToolEntry, { name, input, output, outputPiece, state, exitCode }: ToolFacts): void {
  if (name !== undefined) entry.name = name;
  if (input !== undefined) entry.input = toolInput(input);
  if (output !== undefined) entry.output = output;
  else if (outputPiece) entry.output = bounded(`${entry.output ?? ""}${outputPiece}`);
  if (state !== undefined) entry.state = state;
  if (exitCode !== undefined) entry.exitCode = exitCode;
}

function bounded(output: string): string {
  if (output.length <= MAX_RUNNING_OUTPUT) return output;
  // Less than may be held, so that not every further piece has all of it copied.
  const part = MAX_RUNNING_OUTPUT / 4;
  return `${output.slice(0, part)}${LEFT_OUT}${output.slice(-part)}`;
}

function short(text: string): string {
  return shortLine(text.trim(), MAX_LINE);
}

function lastLine(text: string): string {
  return short(text.trim().split("\n").at(-1) ?? "");
}

/** An agent's own id as part of an entry's: as it is where it is short and plain. */
function entryId(kind: string, own: string): string {
  const isPlain = /^[\w.:-]{1,100}$/.test(own);
  return `${kind}-${isPlain ? own : createHash("sha256").update(own).digest("hex").slice(0, 32)}`;
}
