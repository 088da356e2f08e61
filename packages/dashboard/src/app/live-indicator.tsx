import type { LiveStatus } from "../live/status.ts";
import { formatAge } from "../text/duration.ts";
import { text } from "../text/text.ts";
import { useSteadyNow } from "../ui/ticker.ts";
import styles from "./live-indicator.module.css";
import { useLive, useMission } from "./use-mission.ts";

/** How long the indicator tells that it has caught up. */
const CAUGHT_UP_MS = 6_000;

/** What the connection is really doing, in a dot and a few words. */
export function LiveIndicator() {
  const mission = useMission();
  const status = useLive(({ status }) => status);
  return (
    <div className={styles.live}>
      <span className={`${styles.dot} ${styles[status.phase]}`} aria-hidden="true" />
      <span className={styles.words}>
        <Words status={status} />
      </span>
      {status.phase === "reconnecting" || status.phase === "offline" ? (
        <button type="button" className={styles.retry} onClick={() => mission.retryNow()}>
          {text.live.tryNow}
        </button>
      ) : null}
      {/* Only the phase is announced, not every tick of the clock. */}
      <span className="visually-hidden" role="status">
        {text.live.announce[status.phase]}
      </span>
    </div>
  );
}

function Words({ status }: { status: LiveStatus }) {
  switch (status.phase) {
    case "connecting":
      return text.live.connecting;
    case "live":
      return status.caughtUp > 0 ? <CaughtUp since={status.since} count={status.caughtUp} /> : text.live.live;
    case "catching_up":
      return text.live.catchingUp(status.received, status.remaining);
    case "reconnecting":
      return (
        <span title={status.reason}>
          <Waiting status={status} word={text.live.reconnecting} />
        </span>
      );
    case "offline":
      return <Waiting status={status} word={text.live.offline} />;
    case "signed_out":
      return text.live.signedOut;
  }
}

function CaughtUp({ since, count }: { since: number; count: number }) {
  const now = useSteadyNow();
  return now - since < CAUGHT_UP_MS ? text.live.caughtUp(count) : text.live.live;
}

function Waiting({
  status,
  word,
}: {
  status: Extract<LiveStatus, { phase: "reconnecting" | "offline" }>;
  word: string;
}) {
  const now = useSteadyNow();
  const seconds = Math.max(0, Math.ceil((status.retryAt - now) / 1_000));
  const age = status.staleSince === null ? null : formatAge(now - status.staleSince);
  return (
    <>
      {word}
      <span className={styles.detail}>
        {" · "}
        {text.live.attempt(status.attempt, seconds)}
        {age === null ? "" : ` · ${text.live.stale(age)}`}
      </span>
    </>
  );
}
