import type { ReactNode } from "react";
import { ApiError } from "../api/api-error.ts";
import { text } from "../text/text.ts";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icon.tsx";
import styles from "./page-state.module.css";

interface EmptyProps {
  icon: IconName;
  title: string;
  /** Where the page is about nothing else. */
  heading?: "h1" | "h2";
  children?: ReactNode;
}

/** What to see where there is nothing yet, and how to get the first one. */
export function Empty({ icon, title, heading: Heading = "h2", children }: EmptyProps) {
  return (
    <div className={styles.state}>
      <span className={styles.icon}>
        <Icon name={icon} size={20} />
      </span>
      <Heading>{title}</Heading>
      {children}
    </div>
  );
}

/** What went wrong, and what can be done about it. */
export function Trouble({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className={styles.state} role="alert">
      <span className={`${styles.icon} ${styles.bad}`}>
        <Icon name="warning" size={20} />
      </span>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** What failed, why, and the next step. */
export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
  const requestId = error instanceof ApiError ? error.requestId : null;
  return (
    <Trouble title={text.error.title}>
      <p>{error.message}</p>
      {requestId ? <p className={styles.request}>{text.error.request(requestId)}</p> : null}
      {retry ? (
        <Button icon="retry" onClick={retry}>
          {text.error.retry}
        </Button>
      ) : null}
    </Trouble>
  );
}

const LINES = [1, 2, 3, 4, 5, 6, 7, 8];

/** Grey lines in place of what is coming; they appear only when it takes long enough to wonder. */
export function Skeleton({ lines = 6 }: { lines?: number }) {
  return (
    <div className={styles.skeleton} role="status">
      <span className="visually-hidden">{text.loading}</span>
      {LINES.slice(0, lines).map((line) => (
        <span key={line} className={styles.line} />
      ))}
    </div>
  );
}
