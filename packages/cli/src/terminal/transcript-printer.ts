import type { LogEvent, TranscriptEntry } from "@mission-control/protocol";
import { keyOfEntry } from "@mission-control/protocol/transcript-fold";
import { entryText } from "./entry-text.ts";
import { milestoneText } from "./milestone-text.ts";
import { print, printJson } from "./output.ts";

/** Prints each entry as it is, for programs, whenever it has changed. */
export class JsonPrinter {
  take(entry: TranscriptEntry): void {
    printJson(entry);
  }

  event(): void {}

  end(): void {}
}

/** Prints entries, and what stands between them, for people. */
export class TextPrinter {
  readonly #follows: boolean;
  /** What may still grow. */
  readonly #open = new Map<string, TranscriptEntry>();
  #attempt = 0;

  /** @param follows whether entries still change: one is printed when another one does, a tool call when it has ended */
  constructor(follows: boolean) {
    this.#follows = follows;
  }

  take(entry: TranscriptEntry): void {
    const key = keyOfEntry(entry);
    for (const [other, before] of this.#open) {
      if (other !== key && !isAtWork(before)) this.#print(other, before);
    }
    this.#open.set(key, entry);
    if (!this.#follows || entry.id === undefined || hasEnded(entry)) this.#print(key, entry);
  }

  /** Prints an event that stands between the entries, if it is one. */
  event(event: LogEvent, attempt: number): void {
    const text = milestoneText(event);
    if (text === undefined) return;
    for (const [key, entry] of this.#open) if (!isAtWork(entry)) this.#print(key, entry);
    this.#begin(attempt);
    print(text);
  }

  end(): void {
    for (const [key, entry] of this.#open) this.#print(key, entry);
  }

  #print(key: string, entry: TranscriptEntry): void {
    this.#open.delete(key);
    this.#begin(entry.attempt);
    print(entryText(entry));
  }

  #begin(attempt: number): void {
    if (attempt !== this.#attempt) print(`Attempt ${attempt}`);
    this.#attempt = attempt;
  }
}

function isAtWork(entry: TranscriptEntry): boolean {
  return entry.kind === "tool" && (entry.state === "running" || entry.state === "pending");
}

function hasEnded(entry: TranscriptEntry): boolean {
  return entry.kind === "tool" && (entry.state === "completed" || entry.state === "failed");
}
