import { runText } from "../../../text/run-text.ts";
import { formatSize } from "../../../text/size.ts";
import { IconButton } from "../../../ui/button.tsx";
import { Foreign } from "../../../ui/foreign.tsx";
import type { Attached } from "./attached.ts";
import styles from "./composer.module.css";

/** The files that are to go with a message; each can be taken out again. */
export function AttachedFiles({
  files,
  onRemove,
}: {
  files: readonly Attached[];
  onRemove(name: string): void;
}) {
  if (files.length === 0) return null;
  return (
    <ul className={styles.files} aria-label={runText.attach.label}>
      {files.map(({ name, size }) => (
        <li key={name}>
          <Foreign max={80}>{name}</Foreign> <span className={styles.size}>{formatSize(size)}</span>
          <IconButton icon="close" label={runText.attach.remove(name)} onClick={() => onRemove(name)} />
        </li>
      ))}
    </ul>
  );
}
