import type { Clock, JsonObject, Reporter, Usage } from "@mission-control/agent";
import type { AgentEvent } from "./agent-event.ts";

/** Progress goes out at most this often, in milliseconds. */
const INTERVAL_MS = 1000;
const MAX_LINE = 500;
const MAX_LINES = 20;

/**
 * Turns what an agent does into progress an operator can read: whole sentences instead of pieces of text, one line a
 * tool call, the plan as a fraction; coalesced, never a flood.
 */
export class Narrator {
  readonly #reporter: Pick<Reporter, "progress">;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #tools = new Map<string, string>();
  #lines: string[] = [];
  #skipped = 0;
  #text = "";
  #textIsWhole = false;
  #lastMessage = "";
  #lastState = "";
  #usage: Usage = {};
  #usageChanged = false;
  #fraction: number | undefined;
  #lastFlush = Number.NEGATIVE_INFINITY;
  #waiting = false;

  constructor(reporter: Pick<Reporter, "progress">, clock: Clock) {
    this.#reporter = reporter;
    this.#clock = clock;
  }

  /** The last whole message: what the agent says at the end is the summary. */
  get lastMessage(): string {
    return this.#text.trim() || this.#lastMessage;
  }

  /** The last thing it was seen doing, for a failure report. */
  get lastState(): string | undefined {
    return short(this.#text) || this.#lastState || undefined;
  }

  /** What was used so far, in total. */
  get usage(): Usage {
    return this.#usage;
  }

  take(event: AgentEvent): void {
    switch (event.type) {
      case "text":
        if (this.#textIsWhole) this.#endMessage();
        this.#text += event.text;
        this.#textIsWhole = event.ends ?? false;
        return;
      case "tool":
        this.#endMessage();
        this.#takeTool(event.id, event.title);
        return;
      case "tool-failed": {
        const title = this.#tools.get(event.id) ?? "A tool call";
        this.#say(`${title} failed${event.output ? `: ${lastLine(event.output)}` : ""}`);
        return;
      }
      case "notice":
      case "trouble":
        this.say(event.text);
        return;
      case "plan":
        this.#endMessage();
        this.#takePlan(event.steps);
        return;
      case "usage":
        this.#usage = { ...this.#usage, ...event.usage };
        this.#usageChanged = true;
        return;
      case "began":
      case "refused": // Who refused it says so.
      case "result": // Its text is the summary, not progress.
        return;
    }
  }

  /** Says something of the runner's own. */
  say(text: string): void {
    this.#endMessage();
    this.#say(text);
  }

  /** Sends what still waits, but for the last message, which is the summary. Nothing is sent after it. */
  close(): void {
    this.#stop.abort();
    this.#flush();
  }

  #takeTool(id: string, title: string): void {
    const known = this.#tools.get(id);
    if (known === title) return;
    // A better title replaces the first, in the line too when that has not gone out yet.
    const index = known === undefined ? -1 : this.#lines.lastIndexOf(short(known));
    this.#tools.set(id, title);
    if (index >= 0) {
      this.#lines[index] = short(title);
      this.#lastState = short(title);
    } else this.#say(title);
  }

  #takePlan(steps: { text: string; done: boolean; current: boolean }[]): void {
    const done = steps.filter((step) => step.done).length;
    if (steps.length === 0) return;
    this.#fraction = done / steps.length;
    const next = steps.find((step) => step.current) ?? steps.find((step) => !step.done);
    this.#say(
      next ? `Step ${done + 1} of ${steps.length}: ${next.text}` : `All ${steps.length} steps are done`,
    );
  }

  #endMessage(): void {
    const text = this.#text.trim();
    this.#text = "";
    this.#textIsWhole = false;
    if (text === "") return;
    this.#lastMessage = text;
    this.#say(text);
  }

  #say(text: string): void {
    const line = short(text);
    if (line === "") return;
    this.#lastState = line;
    this.#lines.push(line);
    // In a flood the first and the last lines tell most.
    if (this.#lines.length > MAX_LINES) {
      this.#lines.splice(MAX_LINES / 2, 1);
      this.#skipped++;
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#waiting || this.#stop.signal.aborted) return;
    this.#waiting = true;
    const wait = Math.max(0, this.#lastFlush + INTERVAL_MS - this.#clock.now());
    this.#clock.sleep(wait, this.#stop.signal).then(
      () => this.#flush(),
      () => {}, // Closed meanwhile, which flushed.
    );
  }

  #flush(): void {
    this.#waiting = false;
    if (this.#lines.length === 0) return;
    if (this.#skipped > 0) this.#lines.splice(MAX_LINES / 2, 0, `… ${this.#skipped} more …`);
    const message = this.#lines.join("\n");
    const data: JsonObject = { source: "runner" };
    const usage = this.#usageChanged ? { usage: this.#usage } : {};
    this.#lines = [];
    this.#skipped = 0;
    this.#usageChanged = false;
    this.#lastFlush = this.#clock.now();
    this.#reporter.progress(message, { progress: this.#fraction, data, ...usage }).catch(() => {});
  }
}

function short(text: string): string {
  const trimmed = text.trim();
  return trimmed.length <= MAX_LINE ? trimmed : `${trimmed.slice(0, MAX_LINE - 2).toWellFormed()} …`;
}

function lastLine(text: string): string {
  return short(text.trim().split("\n").at(-1) ?? "");
}
