/** How long a run is waited for, in milliseconds. */
export interface RunTimes {
  /** For a connection, or a gateway that is busy starting, before anything was sent. Default 10 s. */
  handOverMs: number;
  /** For a connection, after a send that was not answered: it may have arrived. Default 10 min. */
  unansweredMs: number;
  /** For a connection, while a run is known to go on without us. Default 24 h: laptops sleep at night. */
  silentMs: number;
  /** For a gateway that started again to take up a run it was interrupted in. Default 10 min: on a slow machine it does so minutes after it listens. */
  recoveryMs: number;
  /** Between looks at what the gateway has kept. Default 1 s. */
  pollMs: number;
  /** How long one `agent.wait` waits. Default 30 s. */
  waitMs: number;
  /** For what a run that has ended said and used, in full. Default 2 s. */
  resultMs: number;
}

export const DEFAULT_RUN_TIMES: RunTimes = {
  handOverMs: 10_000,
  unansweredMs: 10 * 60_000,
  silentMs: 24 * 60 * 60_000,
  recoveryMs: 10 * 60_000,
  pollMs: 1000,
  waitMs: 30_000,
  resultMs: 2000,
};
