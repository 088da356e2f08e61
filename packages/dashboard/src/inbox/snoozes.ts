import type { Shelf } from "../store/shelf.ts";

/** How long something is put off, in milliseconds. */
export const SNOOZE_MS = 3_600_000;
/** Most that is remembered as put off. */
const CAPACITY = 500;

const NAME = "mission-control.snoozed";

/** What somebody has put off in this browser, until when. What cannot be read counts as nothing put off. */
export class Snoozes {
  readonly #shelf: Shelf;
  readonly #now: () => number;
  #until: Map<string, number>;

  /** @param now the time in milliseconds since 1970: it has to hold over a restart of the browser */
  constructor(shelf: Shelf, now: () => number) {
    this.#shelf = shelf;
    this.#now = now;
    this.#until = this.#read();
  }

  has(key: string): boolean {
    return this.#isPutOff(this.#until.get(key) ?? 0);
  }

  /** Puts something off for {@link SNOOZE_MS}. */
  add(key: string): void {
    this.#change((until) => until.set(key, this.#now() + SNOOZE_MS));
  }

  /** Brings everything back that was put off. */
  clear(): void {
    this.#change((until) => until.clear());
  }

  /** When the next one comes back; null when none will. */
  get nextEnd(): number | null {
    const ends = [...this.#until.values()].filter((end) => this.#isPutOff(end));
    return ends.length === 0 ? null : Math.min(...ends);
  }

  /** Another tab may have changed what is stored. */
  reread(): void {
    this.#until = this.#read();
  }

  /** A clock that was set back would put off for as long again: then it comes back at once. */
  #isPutOff(end: number): boolean {
    const left = end - this.#now();
    return left > 0 && left <= 2 * SNOOZE_MS;
  }

  #change(change: (until: Map<string, number>) => void): void {
    const until = this.#read();
    change(until);
    const kept = [...until].filter(([, end]) => this.#isPutOff(end)).slice(-CAPACITY);
    this.#until = new Map(kept);
    this.#shelf.setItem(NAME, JSON.stringify(kept));
  }

  #read(): Map<string, number> {
    try {
      const stored: unknown = JSON.parse(this.#shelf.getItem(NAME) ?? "[]");
      return new Map(Array.isArray(stored) ? stored.filter(isEntry) : []);
    } catch {
      return new Map();
    }
  }
}

function isEntry(value: unknown): value is [string, number] {
  return Array.isArray(value) && typeof value[0] === "string" && typeof value[1] === "number";
}
