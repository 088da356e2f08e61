import { useEffect, useRef, useState } from "react";
import { isPageKey } from "../../app/shortcuts.ts";
import { useMission } from "../../app/use-mission.ts";
import { inboxActs } from "../../inbox/inbox-acts.ts";
import { InboxEntry } from "../../inbox/inbox-entry.tsx";
import { inboxOf } from "../../inbox/inbox-feed.ts";
import { inboxKey } from "../../inbox/inbox-items.ts";
import { useInbox } from "../../inbox/use-inbox.ts";
import { useInboxActions } from "../../inbox/use-inbox-actions.tsx";
import { inboxText } from "../../text/inbox-text.ts";
import { Button } from "../../ui/button.tsx";
import { Empty, Failure, Skeleton } from "../../ui/page-state.tsx";
import styles from "./inbox-page.module.css";

const STEPS: Record<string, number> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

/** All that waits for a person, oldest first, to be dealt with one after the other by keys. */
export function InboxPage() {
  const mission = useMission();
  const { items, count, snoozed, running, isReady, error } = useInbox();
  const { act, dialog } = useInboxActions();
  const [chosen, setChosen] = useState<{ key: string; index: number } | null>(null);
  const entries = useRef(new Map<string, HTMLLIElement>());
  // Where the chosen one was dealt with, the one that stands there now is next.
  const found = items.findIndex((item) => inboxKey(item) === chosen?.key);
  const at = found >= 0 ? found : Math.min(chosen?.index ?? 0, items.length - 1);
  const selected = items[at];

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!isPageKey(event) || items.length === 0) return;
      const step = STEPS[event.key];
      if (step !== undefined) {
        const inside = document.activeElement?.closest("[data-waits]");
        const index = inside ? Math.max(0, Math.min(items.length - 1, at + step)) : at;
        const next = items[index];
        if (!next) return;
        event.preventDefault();
        setChosen({ key: inboxKey(next), index });
        entries.current.get(inboxKey(next))?.focus();
        return;
      }
      const chosenAct = selected && inboxActs(selected).find(({ key }) => key === event.key);
      if (!selected || !chosenAct || mission.pending.get(selected.task.id)) return;
      event.preventDefault();
      setChosen({ key: inboxKey(selected), index: at });
      act(selected, chosenAct);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [mission, items, selected, at, act]);

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
