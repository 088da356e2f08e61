import { type ReactNode, useId, useRef, useState } from "react";
import { text } from "../text/text.ts";
import { Icon } from "./icon.tsx";
import styles from "./toolbar.module.css";
import { useDismissal } from "./use-dismissal.ts";

interface FilterSheetProps {
  /** How many of the filters in it are set. */
  active: number;
  children: ReactNode;
}

/** What stands in a toolbar where that has the room, and behind a button where it has not. */
export function FilterSheet({ active, children }: FilterSheetProps) {
  const [open, setOpen] = useState(false);
  const part = useRef<HTMLDivElement>(null);
  const id = useId();
  useDismissal(
    part,
    // A dialog that was opened from here lies over it.
    () => open && document.querySelector("[role='dialog']") === null,
    () => setOpen(false),
  );
  return (
    <div ref={part} className={styles.part}>
      <button
        type="button"
        className={styles.opener}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <Icon name="filter" size={14} />
        {text.activity.filter}
        {active > 0 ? <b className={styles.count}>{active}</b> : null}
      </button>
      <div id={id} className={styles.sheet} data-open={open}>
        {children}
      </div>
    </div>
  );
}
