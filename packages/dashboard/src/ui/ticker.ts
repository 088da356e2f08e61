import { useSyncExternalStore } from "react";

/** One clock for everything on the page that shows an age, ticking once a second while somebody looks. */
export class Ticker {
  readonly #listeners = new Set<() => void>();
  #now = Date.now();
  #steadyNow = performance.now();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** The time by the browser's clock, in milliseconds, as of the last tick. */
  readonly now = (): number => this.#now;

  /** Milliseconds that only ever grow, as of the last tick. */
  readonly steadyNow = (): number => this.#steadyNow;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) {
      this.#read();
      this.#timer = setInterval(this.#tick, 1_000);
      document.addEventListener("visibilitychange", this.#tick);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#timer);
      document.removeEventListener("visibilitychange", this.#tick);
    };
  };

  #read(): void {
    this.#now = Date.now();
    this.#steadyNow = performance.now();
  }

  readonly #tick = (): void => {
    if (document.visibilityState === "hidden") return;
    this.#read();
    for (const listener of this.#listeners) listener();
  };
}

const ticker = new Ticker();

/** The time by the browser's clock, in milliseconds, at most a second old. */
export function useNow(): number {
  return useSyncExternalStore(ticker.subscribe, ticker.now);
}

/** Milliseconds that only ever grow (`performance.now`), at most a second old: for how long something takes. */
export function useSteadyNow(): number {
  return useSyncExternalStore(ticker.subscribe, ticker.steadyNow);
}
