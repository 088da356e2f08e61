import { text } from "../text/text.ts";
import { IconButton } from "../ui/button.tsx";
import { Foreign } from "../ui/foreign.tsx";
import styles from "./notice-list.module.css";
import { useLive, useMission } from "./use-mission.ts";

/** What was just done or refused. */
export function NoticeList() {
  const { notices } = useMission();
  const all = useLive((mission) => mission.notices.all);
  return (
    <section className={styles.list} aria-live="polite" aria-label={text.shell.notices}>
      {all.map(({ id, kind, text: words, requestId }) => (
        <div key={id} className={`${styles.notice} ${styles[kind]}`}>
          <p>
            <Foreign>{words}</Foreign>
            {requestId ? <span className={styles.request}>{text.error.request(requestId)}</span> : null}
          </p>
          <IconButton icon="close" label={text.close} onClick={() => notices.close(id)} />
        </div>
      ))}
    </section>
  );
}
