import { runText } from "../text/run-text.ts";
import styles from "./diff-lines.module.css";

/** How many lines came and went. */
export function Totals({ added, removed }: { added: number; removed: number }) {
  if (added === 0 && removed === 0) return null;
  return (
    <span className={styles.totals}>
      {added > 0 ? <span className={styles.added}>{runText.diff.added(added)}</span> : null}{" "}
      {removed > 0 ? <span className={styles.removed}>{runText.diff.removed(removed)}</span> : null}
    </span>
  );
}
