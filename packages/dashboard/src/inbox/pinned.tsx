import { Link } from "@tanstack/react-router";
import { inboxText } from "../text/inbox-text.ts";
import styles from "./inbox.module.css";
import { inboxActs } from "./inbox-acts.ts";
import { InboxEntry } from "./inbox-entry.tsx";
import { inboxKey } from "./inbox-items.ts";
import { useInbox } from "./use-inbox.ts";
import { useInboxActions } from "./use-inbox-actions.tsx";

/** Items shown here; the inbox has them all. */
const SHOWN = 3;
/** Buttons an item has here: not to put it off, nor for answers that hold for longer, which want a look at all of it. */
const ACTS = 4;

/** What waits longest, on top of another page, with the means to deal with it there. */
export default function Pinned() {
  const { items, count } = useInbox();
  const { act, dialog } = useInboxActions();
  if (items.length === 0) return dialog;
  return (
    <section className={styles.pinned} aria-label={inboxText.label}>
      <header>
        <h2>{inboxText.waiting(count)}</h2>
        <Link to="/inbox" className={styles.link}>
          {inboxText.all(count)}
        </Link>
      </header>
      <ol>
        {items.slice(0, SHOWN).map((item) => (
          <InboxEntry
            key={inboxKey(item)}
            item={item}
            acts={inboxActs(item)
              .filter(({ kind, isLasting }) => kind !== "snooze" && !isLasting)
              .slice(0, ACTS)}
            brief
            onAct={(done) => act(item, done)}
          />
        ))}
      </ol>
      {dialog}
    </section>
  );
}
