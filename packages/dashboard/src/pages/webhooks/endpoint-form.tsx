import { type FormEvent, useState } from "react";
import { text as common } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { DialogActions } from "../../ui/dialog.tsx";
import styles from "../../ui/table.module.css";
import type { EndpointEntries } from "./endpoint-entries.ts";
import { EndpointFields } from "./endpoint-fields.tsx";

interface EndpointFormProps {
  entries: EndpointEntries;
  hasTokens?: boolean;
  onChange(entries: EndpointEntries): void;
  /** What the button says that sends it. */
  action: string;
  /** Rejects with what is to be said. */
  onSubmit(): Promise<void>;
  onClose(): void;
}

/** The form of an endpoint, new or not. */
export function EndpointForm({ entries, hasTokens, onChange, action, onSubmit, onClose }: EndpointFormProps) {
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    setProblem(null);
    onSubmit()
      .catch((error: Error) => setProblem(error.message))
      .finally(() => setIsBusy(false));
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <EndpointFields
        entries={entries}
        hasTokens={hasTokens ?? false}
        onChange={(change) => onChange({ ...entries, ...change })}
      />
      {problem === null ? null : (
        <p role="alert" className={styles.bad}>
          {problem}
        </p>
      )}
      <DialogActions>
        <Button onClick={onClose}>{common.back}</Button>
        <Button kind="primary" submit disabled={isBusy}>
          {action}
        </Button>
      </DialogActions>
    </form>
  );
}
