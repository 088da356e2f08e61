/** How long something is put off, in milliseconds. */
export const SNOOZE_MS = 3_600_000;
/** Most that is remembered as put off. */
const CAPACITY = 500;

/** A place that keeps texts by name, such as `localStorage`. */
export type Shelf = Pick<Storage, "getItem" | "setItem">;

const NAME = "mission-control.snoozed";

/** What somebody has put off in this browser, until when. What cannot be read or stored counts as nothing put off. */
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
    return (this.#until.get(key) ?? 0) > this.#now();
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
    const now = this.#now();
    const ends = [...this.#until.values()].filter((end) => end > now);
    return ends.length === 0 ? null : Math.min(...ends);
  }

  /** Another tab may have changed what is stored. */
  reread(): void {
    this.#until = this.#read();
  }

  #change(change: (until: Map<string, number>) => void): void {
    const until = this.#read();
    change(until);
    const now = this.#now();
    const kept = [...until].filter(([, end]) => end > now).slice(-CAPACITY);
    this.#until = new Map(kept);
    try {
      this.#shelf.setItem(NAME, JSON.stringify(kept));
    } catch {
      // Then it holds for as long as this page.
    }
  }

  #read(): Map<string, number> {
    try {
      const stored: unknown = JSON.parse(this.#shelf.getItem(NAME) ?? "[]");
      return new Map(Array.isArray(stored) ? stored.filter(isEntry) : []);
    } catch {
      return this.#until ?? new Map();
    }
  }
}

function isEntry(value: unknown): value is [string, number] {
  return Array.isArray(value) && typeof value[0] === "string" && typeof value[1] === "number";
}
