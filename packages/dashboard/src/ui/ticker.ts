import { useSyncExternalStore } from "react";

/** One clock for everything on the page that shows an age, ticking once a second while somebody looks. */
const listeners = new Set<() => void>();
let now = Date.now();
let steadyNow = performance.now();
let timer: ReturnType<typeof setInterval> | undefined;

function read(): void {
  now = Date.now();
  steadyNow = performance.now();
}

function tick(): void {
  if (document.visibilityState === "hidden") return;
  read();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) {
    read();
    timer = setInterval(tick, 1_000);
    document.addEventListener("visibilitychange", tick);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    document.removeEventListener("visibilitychange", tick);
  };
}

/** The time by the browser's clock, in milliseconds, at most a second old. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** Milliseconds that only ever grow (`performance.now`), at most a second old: for how long something takes. */
export function useSteadyNow(): number {
  return useSyncExternalStore(subscribe, () => steadyNow);
}
