import { shelf } from "../store/shelf.ts";

interface KeptChoiceOptions<Value extends string> {
  /** The name it is kept under. */
  key: string;
  /** What can be chosen; the first holds until somebody chooses. */
  values: readonly [Value, ...Value[]];
  /** Makes the page so. */
  apply(value: Value): void;
}

/** How pages look, as somebody chose it: kept by this browser, for all its tabs. */
export class KeptChoice<Value extends string> {
  readonly #options: KeptChoiceOptions<Value>;
  readonly #listeners = new Set<() => void>();

  constructor(options: KeptChoiceOptions<Value>) {
    this.#options = options;
    // Another tab's choice holds here too.
    window.addEventListener("storage", ({ key }) => {
      if (key === options.key) this.apply();
    });
  }

  get value(): Value {
    const { key, values } = this.#options;
    const kept = shelf.getItem(key);
    return values.find((value) => value === kept) ?? values[0];
  }

  choose(value: Value): void {
    const { key, values } = this.#options;
    if (value === values[0]) shelf.removeItem(key);
    else shelf.setItem(key, value);
    this.apply();
  }

  /** Makes the page as was chosen, and tells those who draw by it. */
  apply(): void {
    this.#options.apply(this.value);
    for (const listener of this.#listeners) listener();
  }

  /** Calls after each change, here or in another tab. Returns how to stop that. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}
