import { useEffect, useRef, useState } from "react";
import { isPageKey } from "../../app/shortcuts.ts";
import { useMission } from "../../app/use-mission.ts";
import { inboxActs } from "../../inbox/inbox-acts.ts";
import { InboxEntry } from "../../inbox/inbox-entry.tsx";
import { inboxOf } from "../../inbox/inbox-feed.ts";
import { inboxKey } from "../../inbox/inbox-items.ts";
import { type Chosen, inboxMove, indexOfChosen } from "../../inbox/inbox-keys.ts";
import { useInbox } from "../../inbox/use-inbox.ts";
import { useInboxActions } from "../../inbox/use-inbox-actions.tsx";
import { inboxText } from "../../text/inbox-text.ts";
import { Button } from "../../ui/button.tsx";
import { Empty, Failure, Skeleton } from "../../ui/page-state.tsx";
import styles from "./inbox-page.module.css";

/** All that waits for a person, oldest first, to be dealt with one after the other by keys. */
export function InboxPage() {
  const mission = useMission();
  const { items, count, snoozed, running, isReady, error } = useInbox();
  const { act, dialog } = useInboxActions();
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const entries = useRef(new Map<string, HTMLLIElement>());
  const at = indexOfChosen(items, chosen);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!isPageKey(event)) return;
      const key = { name: event.key, isHeld: event.repeat };
      const isInside = document.activeElement?.closest("[data-waits]") != null;
      const isPending = (taskId: string) => mission.pending.get(taskId) !== undefined;
      const move = inboxMove(key, items, chosen, isInside, isPending);
      if (!move) return;
      event.preventDefault();
      if (move.kind === "go") {
        setChosen(move.to);
        entries.current.get(move.to.key)?.focus();
      } else {
        setChosen(move.chosen);
        act(move.item, move.act);
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [mission, items, chosen, act]);

  return (
    <div className={styles.page}>
      {items.length > 0 ? (
        <>
          <header className={styles.header}>
            <h2>{inboxText.waiting(count)}</h2>
            <p className={styles.keys}>{inboxText.keys}</p>
          </header>
          <ol className={styles.items} aria-label={inboxText.label}>
            {items.map((item, index) => {
              const key = inboxKey(item);
              return (
                <InboxEntry
                  key={key}
                  ref={(element) => {
                    if (element) entries.current.set(key, element);
                    else entries.current.delete(key);
                  }}
                  item={item}
                  acts={inboxActs(item)}
                  isSelected={index === at}
                  onFocus={() => setChosen({ key, index })}
                  onAct={(done) => act(item, done)}
                />
              );
            })}
          </ol>
        </>
      ) : error ? (
        <Failure error={error} retry={() => inboxOf(mission).retry()} />
      ) : isReady ? (
        <Empty icon="check" title={inboxText.empty(running)}>
          <p>{inboxText.emptyHint}</p>
        </Empty>
      ) : (
        <Skeleton />
      )}
      {snoozed > 0 ? (
        <p className={styles.snoozed}>
          {inboxText.snoozed(snoozed)}
          <Button kind="quiet" onClick={() => inboxOf(mission).wakeAll()}>
            {inboxText.wake}
          </Button>
        </p>
      ) : null}
      {dialog}
    </div>
  );
}
