/** Which methods each path of the API takes, to tell "method not allowed" from "not found". */
export class KnownPaths {
  readonly #methods = new Map<string, Set<string>>();
  readonly #patterns = new Map<string, RegExp>();

  /** @param pattern a route's pattern, such as `/api/tasks/:id`; wildcards are left out */
  add(pattern: string, methods: string | readonly string[]): void {
    if (pattern.includes("*")) return;
    const known = this.#methods.get(pattern) ?? new Set();
    for (const method of [methods].flat()) known.add(method);
    this.#methods.set(pattern, known);
    // The patterns are this server's own: between the parameters they hold nothing but letters, "-", "." and "/".
    const expression = pattern.replaceAll(".", "\\.").replaceAll(/:[^/]+/g, "[^/]+");
    this.#patterns.set(pattern, new RegExp(`^${expression}$`));
  }

  /** The methods a path takes; empty when it is not known. */
  methodsOf(path: string): string[] {
    const methods = new Set<string>();
    for (const [pattern, expression] of this.#patterns) {
      if (!expression.test(path)) continue;
      for (const method of this.#methods.get(pattern) ?? []) methods.add(method);
    }
    return [...methods].sort();
  }
}
