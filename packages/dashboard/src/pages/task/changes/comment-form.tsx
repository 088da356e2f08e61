import { type KeyboardEvent, useState } from "react";
import { runText } from "../../../text/run-text.ts";
import { text } from "../../../text/text.ts";
import { Button } from "../../../ui/button.tsx";
import styles from "./changes.module.css";

interface CommentFormProps {
  /** What was noted already. */
  text: string | undefined;
  isOpen: boolean;
  onEdit(): void;
  onClose(): void;
  /** Empty words take the comment back. */
  onSave(words: string): void;
}

/** A comment under a line: to be read, or to be written. Ctrl+Enter keeps it, Escape leaves it as it was. */
export function CommentForm({ text: known, isOpen, onEdit, onClose, onSave }: CommentFormProps) {
  const [typed, setTyped] = useState(known ?? "");
  if (!isOpen) {
    return (
      <div className={styles.comment}>
        <p>{known}</p>
        <Button kind="quiet" onClick={onEdit}>
          {text.action.edit}
        </Button>
        <Button kind="quiet" onClick={() => onSave("")}>
          {text.action.delete}
        </Button>
      </div>
    );
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") onClose();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onSave(typed.trim());
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <form
      className={styles.comment}
      onSubmit={(event) => {
        event.preventDefault();
        onSave(typed.trim());
      }}
    >
      <textarea
        rows={2}
        // biome-ignore lint/a11y/noAutofocus: whoever asks to comment wants to write
        autoFocus
        aria-label={runText.changes.comment}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <Button kind="quiet" onClick={onClose}>
        {text.back}
      </Button>
      <Button submit disabled={typed.trim() === "" && known === undefined}>
        {runText.changes.keep}
      </Button>
    </form>
  );
}
