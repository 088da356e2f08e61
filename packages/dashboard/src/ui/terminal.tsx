import { hasSequences, type Look, terminalPieces } from "../text/ansi.ts";
import { MAX_DRAWN } from "../text/limits.ts";
import blockStyles from "./code-block.module.css";
import { CopyButton } from "./copy-button.tsx";
import { Foreign } from "./foreign.tsx";
import styles from "./terminal.module.css";

/**
 * What a program wrote to its terminal: its colours and styles in those of the theme, everything else it would do to a
 * terminal named instead of done.
 */
function Terminal({ children }: { children: string }) {
  if (!hasSequences(children)) return <Foreign max={children.length}>{children}</Foreign>;
  return terminalPieces(children).map(({ text, at, look, isControl }) =>
    isControl ? (
      <span key={at} className={styles.control}>
        {text}
      </span>
    ) : (
      <span key={at} className={classOf(look)}>
        <Foreign max={text.length}>{text}</Foreign>
      </span>
    ),
  );
}

function classOf({ color, background, ...marks }: Look): string | undefined {
  const names: string[] = Object.keys(marks);
  if (color) names.push(color);
  if (background) names.push(`on-${background}`);
  return names.map((name) => styles[name]).join(" ") || undefined;
}

/** A terminal's output in a box that scrolls and can be copied. */
export function TerminalBlock({ children, label }: { children: string; label: string }) {
  return (
    <div className={blockStyles.block}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
      <pre tabIndex={0} title={label}>
        <Terminal>{children.length > MAX_DRAWN ? `${children.slice(0, MAX_DRAWN)}…` : children}</Terminal>
      </pre>
      <CopyButton value={children} />
    </div>
  );
}
