/**
 * The most recently used records, so that the commits of a busy task do not read it back each time. Valid because
 * one process owns the file.
 */
export class RecordCache<Value> {
  readonly #capacity: number;
  readonly #entries = new Map<string, Value>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(id: string): Value | undefined {
    return this.#entries.get(id);
  }

  set(id: string, value: Value): void {
    // Re-inserting moves a key to the young end of the map; the oldest entry is the first.
    this.#entries.delete(id);
    this.#entries.set(id, value);
    if (this.#entries.size <= this.#capacity) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }

  delete(id: string): void {
    this.#entries.delete(id);
  }

  clear(): void {
    this.#entries.clear();
  }
}
