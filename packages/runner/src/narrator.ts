import type { Clock, Entry, JsonObject, Reporter, Usage } from "@mission-control/agent";
import type { AgentEvent } from "./agent-event.ts";
import { Narration, type Note } from "./narration.ts";

/** What grows piece by piece goes out at most this often, in milliseconds; what begins or ends does at once. */
const INTERVAL_MS = 1000;
/** A long text goes out less often, for each time it goes out whole: a second for each so many UTF-16 units. */
const UNITS_A_SECOND = 4096;
/** What may wait while Mission Control is slow or away; in a flood the first and the last tell most. */
const MAX_WAITING = 300;
const MAX_LINES = 20;
/** An entry keeps so much of an output, in UTF-16 units at most (docs/contract.md, section 4); more is an artifact. */
const MAX_ENTRY_OUTPUT = 32 * 1024;
/** Of one run, so many outputs are handed in whole; a dispatch may leave 1,000 artifacts behind. */
const MAX_WHOLE_OUTPUTS = 200;

type Reporting = Pick<Reporter, "progress" | "entry" | "artifact">;

/** Something that waits to go out. */
interface Waiting {
  entry?: Entry;
  lines: string[];
  now: boolean;
}

/**
 * Tells the operator what an agent does: each thing as an entry of the transcript, with a line for those who read none;
 * never a flood. One report is on its way at a time, and what grows meanwhile goes out once.
 */
export class Narrator {
  readonly #reporter: Reporting;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #narration: Narration;
  #waiting: Waiting[] = [];
  /** What is due and goes out now, one after the other. */
  #going: Waiting[] = [];
  #skipped = 0;
  #usage: Usage = {};
  #usageChanged = false;
  #lastSent = Number.NEGATIVE_INFINITY;
  /** When an entry that still grows last went out. */
  readonly #sentAt = new WeakMap<Entry, number>();
  readonly #wholeOutputs = new Set<string>();
  #isSending = false;
  #timer: { due: number; abort: AbortController } | undefined;

  constructor(reporter: Reporting, clock: Clock) {
    this.#reporter = reporter;
    this.#clock = clock;
    this.#narration = new Narration(() => clock.now());
  }

  /** The last whole message: what the agent says at the end is the summary. */
  get lastMessage(): string {
    return this.#narration.lastMessage;
  }

  /** The last thing it was seen doing, for a failure report. */
  get lastState(): string | undefined {
    return this.#narration.lastState;
  }

  /** What was used so far, in total. */
  get usage(): Usage {
    return this.#usage;
  }

  take(event: AgentEvent): void {
    if (event.type === "usage") {
      this.#usage = { ...this.#usage, ...event.usage };
      this.#usageChanged = true;
    }
    this.#queue(this.#narration.take(event));
  }

  /** Says something of the runner's own. */
  say(text: string): void {
    this.#queue(this.#narration.say(text));
  }

  /** Sends what still waits, but for the line of the last message, which is the summary. Nothing is sent after it. */
  close(): void {
    this.#queue(this.#narration.end());
    this.#stop.abort();
    const rest = [...this.#going, ...this.#waiting];
    this.#going = [];
    this.#waiting = [];
    for (const waiting of rest) void this.#send(waiting);
  }

  #queue(notes: readonly Note[]): void {
    for (const note of notes) this.#add(note);
    if (notes.length > 0) this.#schedule();
  }

  #add({ line, replaces, entry, now = false }: Note): void {
    const last = this.#waiting.at(-1);
    const same = entry
      ? [...this.#going, ...this.#waiting].find((other) => other.entry === entry)
      : last?.entry
        ? undefined
        : last;
    const lines = line === undefined ? [] : [line];
    if (!same) {
      this.#waiting.push({ ...(entry && { entry }), lines, now });
      this.#bound();
      return;
    }
    const index = replaces === undefined ? -1 : same.lines.lastIndexOf(replaces);
    if (index >= 0 && line !== undefined) same.lines[index] = line;
    else same.lines.push(...lines);
    same.now ||= now;
    if (same.lines.length > MAX_LINES) {
      same.lines.splice(MAX_LINES / 2, 1);
      this.#skipped++;
    }
  }

  #bound(): void {
    if (this.#waiting.length <= MAX_WAITING) return;
    const [left] = this.#waiting.splice(MAX_WAITING / 2, 1);
    this.#skipped += left?.lines.length ?? 0;
  }

  /** Sees to it that what waits goes out in its time. */
  #schedule(): void {
    if (this.#isSending || this.#waiting.length === 0 || this.#stop.signal.aborted) return;
    const due = Math.min(...this.#waiting.map((waiting) => this.#due(waiting)));
    const wait = due - this.#clock.now();
    if (wait > 0 && this.#timer && this.#timer.due <= due) return;
    this.#timer?.abort.abort();
    if (wait <= 0) return void this.#sendDue();
    const timer = { due, abort: new AbortController() };
    this.#timer = timer;
    this.#clock.sleep(wait, AbortSignal.any([timer.abort.signal, this.#stop.signal])).then(
      () => {
        if (this.#timer === timer && !this.#isSending) void this.#sendDue();
      },
      () => {}, // Something is due earlier, or all was sent at the end.
    );
  }

  #due({ entry, now }: Waiting): number {
    if (now) return Number.NEGATIVE_INFINITY;
    const sentAt = entry && this.#sentAt.get(entry);
    if (sentAt === undefined) return this.#lastSent + INTERVAL_MS;
    const text = entry && "text" in entry ? entry.text : entry?.kind === "tool" ? entry.output : undefined;
    // An entry carries no more of it, however long it is.
    const units = Math.min(text?.length ?? 0, MAX_ENTRY_OUTPUT);
    return sentAt + Math.max(INTERVAL_MS, (units / UNITS_A_SECOND) * 1000);
  }

  /** Sends what is due, and all before it that was not seen yet: the order is that of the agent. */
  async #sendDue(): Promise<void> {
    this.#isSending = true;
    this.#timer = undefined;
    const now = this.#clock.now();
    const isDue = (waiting: Waiting) => this.#due(waiting) <= now;
    const isNew = ({ entry }: Waiting) => !entry || !this.#sentAt.has(entry);
    const last = this.#waiting.findLastIndex(isDue);
    const goes = (waiting: Waiting, index: number) => isDue(waiting) || (index < last && isNew(waiting));
    const { going = [], staying = [] } = Object.groupBy(this.#waiting, (waiting, index) =>
      goes(waiting, index) ? "going" : "staying",
    );
    this.#going = going;
    this.#waiting = staying;
    this.#lastSent = now;
    for (let next = this.#going.shift(); next; next = this.#going.shift()) await this.#send(next);
    this.#isSending = false;
    this.#schedule();
  }

  async #send({ entry, lines }: Waiting): Promise<void> {
    if (entry) this.#sentAt.set(entry, this.#clock.now());
    if (this.#skipped > 0 && lines.length > 0) {
      lines.splice(lines.length / 2, 0, `… ${this.#skipped} more …`);
      this.#skipped = 0;
    }
    const message = lines.join("\n");
    const data: JsonObject = { source: "runner" };
    const usage = this.#usageChanged ? { usage: this.#usage } : {};
    this.#usageChanged = false;
    const options = { progress: this.#narration.fraction, data, ...usage };
    const told = entry && this.#withWhole(entry);
    const sent =
      told && message === ""
        ? this.#reporter.entry(told.entry, options)
        : this.#reporter.progress(message, { ...options, entry: told?.entry });
    if (told?.whole) this.#reporter.artifact(told.whole).catch(() => {}); // `onFailure` is told.
    await sent.catch(() => {});
  }

  /** An output that its entry has no room for is kept as a file, once, and named in the entry. */
  #withWhole(entry: Entry): { entry: Entry; whole?: { name: string; content: string } } {
    if (entry.kind !== "tool" || entry.state === "running" || entry.state === "pending") return { entry };
    const { id = "", output = "" } = entry;
    const isKept = output.length <= MAX_ENTRY_OUTPUT && Buffer.byteLength(output) <= MAX_ENTRY_OUTPUT;
    if (isKept || this.#wholeOutputs.has(id) || this.#wholeOutputs.size === MAX_WHOLE_OUTPUTS)
      return { entry };
    this.#wholeOutputs.add(id);
    const name = `${id}-output.txt`;
    return { entry: { ...entry, outputArtifact: name }, whole: { name, content: output } };
  }
}
