/**
 * What waits for a later commit, by key. A commit that fails leaves it as it was before: neither what that commit
 * added nor what it would have written is lost.
 */
export class Waiting<Value extends NonNullable<unknown>> {
  readonly #values = new Map<string, Value>();
  /** What the surrounding commit did, each time with what waited under the key before. */
  #undo: { key: string; before: Value | undefined }[] = [];
  #taken = false;

  get size(): number {
    return this.#values.size;
  }

  values(): Iterable<Value> {
    return this.#values.values();
  }

  entries(): Iterable<[key: string, value: Value]> {
    return this.#values;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    this.#undo.push({ key, before: this.#values.get(key) });
    this.#values.set(key, value);
  }

  delete(key: string): void {
    const before = this.#values.get(key);
    if (before === undefined) return;
    this.#undo.push({ key, before });
    this.#values.delete(key);
  }

  /** All that waits, which the surrounding commit writes; nothing may be added to that commit afterwards. */
  take(): Iterable<[key: string, value: Value]> {
    this.#taken = true;
    return this.#values;
  }

  committed(): void {
    if (this.#taken) this.#values.clear();
    this.#startCommit();
  }

  rolledBack(): void {
    for (const { key, before } of this.#undo.reverse()) {
      if (before === undefined) this.#values.delete(key);
      else this.#values.set(key, before);
    }
    this.#startCommit();
  }

  #startCommit(): void {
    if (this.#undo.length > 0) this.#undo = [];
    this.#taken = false;
  }
}
