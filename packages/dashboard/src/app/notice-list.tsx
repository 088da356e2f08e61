import { text } from "../text/text.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Foreign } from "../ui/foreign.tsx";
import { useSteadyNow } from "../ui/ticker.ts";
import styles from "./notice-list.module.css";
import { useLive, useMission } from "./use-mission.ts";

/** What was just done or refused, and what can still be taken back. */
export function NoticeList() {
  const { notices } = useMission();
  const all = useLive((mission) => mission.notices.all);
  return (
    <section className={styles.list} aria-live="polite" aria-label={text.shell.notices}>
      {all.map(({ id, kind, text: words, requestId, actions, until }) => (
        <div key={id} className={`${styles.notice} ${styles[kind]}`}>
          <p>
            <Foreign>{words}</Foreign>
            {requestId ? <span className={styles.request}>{text.error.request(requestId)}</span> : null}
          </p>
          {until === undefined ? null : <Left until={until} />}
          {actions?.map(({ label, run }) => (
            <Button key={label} kind="quiet" className={styles.action} onClick={run}>
              {label}
            </Button>
          ))}
          {actions ? null : <IconButton icon="close" label={text.close} onClick={() => notices.close(id)} />}
        </div>
      ))}
    </section>
  );
}

/** The seconds that are left; for the eyes alone, nobody wants to hear them counted. */
function Left({ until }: { until: number }) {
  // The clock on the page is up to a second behind.
  const seconds = Math.max(0, Math.floor((until - useSteadyNow()) / 1_000));
  return (
    <span className={styles.left} aria-hidden="true">
      {seconds} s
    </span>
  );
}
