/**
 * What the connection to the event stream is really doing. Times are milliseconds of the browser's clock.
 * `staleSince` is the moment of the last byte: what the page shows may be older than the truth since then.
 */
export type LiveStatus =
  | { phase: "connecting" }
  | { phase: "live"; since: number; caughtUp: number }
  | { phase: "catching_up"; received: number; remaining: number }
  | { phase: "reconnecting"; attempt: number; retryAt: number; staleSince: number | null; reason: string }
  | { phase: "offline"; attempt: number; retryAt: number; staleSince: number | null }
  | { phase: "signed_out" };

/** Whether events arrive now, so that what is shown is current. */
export function isCurrent(status: LiveStatus): boolean {
  return status.phase === "live";
}
