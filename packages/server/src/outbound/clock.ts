/** What tells the time and wakes at one: the real clock, or a test's own. */
export interface Clock {
  now(): Date;
  /** Calls back after so many milliseconds, once, unless it is called off. */
  after(ms: number, callback: () => void): { cancel(): void };
}

/** The machine's clock. Its timers keep no process up. */
export const SYSTEM_CLOCK: Clock = {
  now: () => new Date(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
