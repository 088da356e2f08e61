/** The lock that every page holds while somebody looks at it. */
const LOOKED_AT = "mission-control.looked-at";

/**
 * Holds a lock that all pages share while somebody looks at this one. With the page itself: a part that is loaded later
 * would leave others to think for a moment that nobody looks. Returns how to stop.
 */
export function announcePresence(): () => void {
  // Without locks there are no notifications either: both are for secure origins alone.
  if (!navigator.locks) return () => undefined;
  let release: (() => void) | null = null;
  const onChange = () => {
    if (document.visibilityState !== "visible") {
      release?.();
      release = null;
    } else if (!release) {
      const looked = new Promise<void>((resolve) => {
        release = resolve;
      });
      void navigator.locks.request(LOOKED_AT, { mode: "shared" }, () => looked);
    }
  };
  onChange();
  document.addEventListener("visibilitychange", onChange);
  return () => {
    document.removeEventListener("visibilitychange", onChange);
    release?.();
  };
}

/** Whether somebody looks at a page of this server, at this one or in another tab. */
export async function isLookedAt(): Promise<boolean> {
  if (document.visibilityState === "visible") return true;
  const { held = [] } = await navigator.locks.query();
  return held.some(({ name }) => name === LOOKED_AT);
}
