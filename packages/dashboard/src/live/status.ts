/**
 * What the connection to the event stream is really doing. Times are milliseconds of a clock that only grows
 * (`performance.now`), of the context that holds the status.
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

/**
 * The same status by another context's clock: that of a worker does not begin when that of a page does.
 * @param ahead how far the other clock is ahead, in milliseconds
 */
export function byClock(status: LiveStatus, ahead: number): LiveStatus {
  switch (status.phase) {
    case "live":
      return { ...status, since: status.since + ahead };
    case "reconnecting":
    case "offline": {
      const staleSince = status.staleSince === null ? null : status.staleSince + ahead;
      return { ...status, retryAt: status.retryAt + ahead, staleSince };
    }
    default:
      return status;
  }
}
