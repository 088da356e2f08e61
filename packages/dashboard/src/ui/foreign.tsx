import { markedPieces } from "../text/marked.ts";
import { text } from "../text/text.ts";
import { visiblePieces } from "../text/visible.ts";
import styles from "./foreign.module.css";

interface ForeignProps {
  children: string;
  max?: number;
  mark?: string | undefined;
}

/**
 * Text that an agent or somebody else wrote: never more than text, isolated from the direction of what stands around
 * it, and with hidden characters shown by name.
 * @param max characters shown at most; the rest is an ellipsis
 * @param mark words somebody looks for: shown where they stand
 */
export function Foreign({ children, max = 400, mark }: ForeignProps) {
  const cut = children.length > max;
  const pieces = visiblePieces(cut ? children.slice(0, max) : children);
  return (
    <bdi>
      {pieces.map(({ text: piece, hidden, at }) =>
        hidden ? (
          <span key={at} className={styles.hidden} title={text.hiddenCharacter}>
            {piece}
          </span>
        ) : mark ? (
          markedPieces(piece, mark).map((part) =>
            part.marked ? <mark key={part.at}>{part.text}</mark> : part.text,
          )
        ) : (
          piece
        ),
      )}
      {cut ? "…" : null}
    </bdi>
  );
}
