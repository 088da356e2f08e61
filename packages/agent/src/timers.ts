/** The longest a timer of Node can be, in milliseconds (24.8 days): a longer one fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Resolves after `ms`, however many those are; rejects with the signal's reason as soon as it is aborted.
 * @param options.ref `false` lets the process end while this waits
 */
export async function sleep(
  ms: number,
  signal?: AbortSignal,
  { ref = true }: { ref?: boolean } = {},
): Promise<void> {
  let left = Math.max(0, ms);
  do {
    const step = Math.min(left, MAX_TIMER_MS);
    await sleepShortly(step, signal, ref);
    left -= step;
  } while (left > 0);
}

function sleepShortly(ms: number, signal: AbortSignal | undefined, ref: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (!ref) timer.unref();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** `AbortSignal.timeout` for any number of milliseconds: that one takes neither fractions nor 25 days. */
export function timeoutSignal(ms: number): AbortSignal {
  if (ms <= MAX_TIMER_MS) return AbortSignal.timeout(Math.max(0, Math.ceil(ms)));
  const timeout = new AbortController();
  sleep(ms, undefined, { ref: false }).then(() =>
    timeout.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError")),
  );
  return timeout.signal;
}
