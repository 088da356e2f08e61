import { text } from "../text/text.ts";
import styles from "./code-block.module.css";
import { CopyButton } from "./copy-button.tsx";

/** Text for a terminal or a file, to be copied. */
export function CodeBlock({ children, label }: { children: string; label?: string }) {
  return (
    <div className={styles.block}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
      <pre tabIndex={0} title={label ?? text.code}>
        {children}
      </pre>
      <CopyButton value={children} />
    </div>
  );
}
