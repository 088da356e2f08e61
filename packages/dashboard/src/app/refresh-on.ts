import type { HeldEvent } from "../store/held-event.ts";
import type { Mission } from "./mission.ts";

/** A reading that takes longer may never end: it is given up for the next that is due. */
const LONGEST_MS = 15_000;

interface RefreshOptions {
  /** Whether an event changes what is read. */
  matters(event: HeldEvent): boolean;
  /** What is read again is so at most once in so many milliseconds. */
  everyMs: number;
  /** Reads it again; resolves when that is done, or has failed. */
  refresh(): Promise<unknown>;
}

/**
 * Reads something again while events come in that change it. After each of them it is read once more, however fast they
 * come: a reading is not given up as soon as the next is due, or on a slow line none would end.
 * @returns how to stop
 */
export function refreshOn(mission: Pick<Mission, "onBatch">, options: RefreshOptions): () => void {
  const { matters, everyMs, refresh } = options;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let state: "idle" | "waiting" | "reading" = "idle";
  let isDue = false;
  let isStopped = false;
  const wait = () => {
    state = "waiting";
    timer = setTimeout(() => void read(), everyMs);
  };
  const patience = () =>
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LONGEST_MS);
    });
  const read = async () => {
    state = "reading";
    isDue = false;
    await Promise.race([refresh().catch(() => undefined), patience()]);
    clearTimeout(timer);
    state = "idle";
    if (isDue && !isStopped) wait();
  };
  const stopListening = mission.onBatch((events) => {
    if (state === "waiting" || isDue || !events.some(matters)) return;
    if (state === "reading") isDue = true;
    else wait();
  });
  return () => {
    isStopped = true;
    clearTimeout(timer);
    stopListening();
  };
}
