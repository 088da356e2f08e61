/**
 * What waits for a later commit, by key. A commit that fails leaves it as it was before: neither what that commit
 * added nor what it would have written is lost.
 */
export class Waiting<Value> {
  readonly #values = new Map<string, Value>();
  /** What waited under each key that the surrounding commit touched, before it did. */
  readonly #before = new Map<string, Value | undefined>();
  #taken = false;

  get size(): number {
    return this.#values.size;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    this.#touch(key);
    this.#values.set(key, value);
  }

  delete(key: string): void {
    if (!this.#values.has(key)) return;
    this.#touch(key);
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
    for (const [key, value] of this.#before) {
      if (value === undefined) this.#values.delete(key);
      else this.#values.set(key, value);
    }
    this.#startCommit();
  }

  #touch(key: string): void {
    if (!this.#before.has(key)) this.#before.set(key, this.#values.get(key));
  }

  #startCommit(): void {
    this.#before.clear();
    this.#taken = false;
  }
}
