import { text } from "../text/text.ts";
import styles from "./code-block.module.css";
import { CopyButton } from "./copy-button.tsx";
import { Foreign } from "./foreign.tsx";

interface CodeBlockProps {
  children: string;
  label?: string;
  /** Somebody else wrote it: shown as {@link Foreign} text is. */
  foreign?: boolean;
}

/** Text for a terminal or a file, to be copied. */
export function CodeBlock({ children, label, foreign = false }: CodeBlockProps) {
  return (
    <div className={styles.block}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
      <pre tabIndex={0} title={label ?? text.code}>
        {foreign ? <Foreign max={children.length}>{children}</Foreign> : children}
      </pre>
      <CopyButton value={children} />
    </div>
  );
}
