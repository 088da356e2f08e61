import type { ReactNode } from "react";
import { Icon } from "../../../ui/icon.tsx";
import styles from "./transcript.module.css";

interface FoldLineProps {
  open: boolean;
  onToggle(): void;
  /** The line, which is there open or not. */
  line: ReactNode;
  children: ReactNode;
}

/** A line that opens to more. What is inside is drawn only while it is open. */
export function FoldLine({ open, onToggle, line, children }: FoldLineProps) {
  return (
    <>
      <button type="button" className={styles.fold} aria-expanded={open} onClick={onToggle}>
        <span className={styles.arrow}>
          <Icon name="chevron" size={12} />
        </span>
        {line}
      </button>
      {open ? <div className={styles.inside}>{children}</div> : null}
    </>
  );
}
