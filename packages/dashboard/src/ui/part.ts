declare global {
  /** What the specifiers of the build's dynamic imports end with now (build/import-anew.ts). */
  var importedAnew: string | undefined;
}

let tries = 0;

/**
 * A part of the page's script that is loaded when it is needed first. A browser remembers a module that it could not load
 * for as long as the page lives, so each further try imports it by another name.
 */
export class Part<Content> {
  readonly #import: () => Promise<Content>;
  #content: Content | null = null;
  #loading: Promise<Content> | null = null;

  /** @param load begins its one dynamic import before anything else */
  constructor(load: () => Promise<Content>) {
    this.#import = load;
  }

  /** What was loaded; null before. */
  get content(): Content | null {
    return this.#content;
  }

  /** Loads it, or waits for it while it loads. One failed request alone is nobody's concern: a second one is made at once. */
  load(): Promise<Content> {
    this.#loading ??= this.#tryTwice();
    return this.#loading;
  }

  async #tryTwice(): Promise<Content> {
    try {
      this.#content = await this.#import().catch(() => this.#importAnew());
      return this.#content;
    } catch (failure) {
      this.#loading = null;
      throw failure;
    }
  }

  #importAnew(): Promise<Content> {
    tries += 1;
    globalThis.importedAnew = `?try=${tries}`;
    const loading = this.#import();
    // What the build puts around an import begins it in a microtask, which is before this one.
    queueMicrotask(() => {
      globalThis.importedAnew = "";
    });
    return loading;
  }
}
