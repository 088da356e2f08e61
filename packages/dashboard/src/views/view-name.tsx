import { type FormEvent, useState } from "react";
import { text } from "../text/text.ts";
import { viewsText } from "../text/views-text.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import tableStyles from "../ui/table.module.css";

interface ViewNameProps {
  title: string;
  hint?: string;
  name: string;
  /** Resolves to why it was refused; null when it was done. */
  onSave(name: string): Promise<string | null>;
  onClose(): void;
}

/** Asks for the name of a view. */
export function ViewName({ title, hint, name, onSave, onClose }: ViewNameProps) {
  const [typed, setTyped] = useState(name);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    const refused = await onSave(typed.trim());
    setBusy(false);
    if (refused) setProblem(refused);
    else onClose();
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form className={tableStyles.form} onSubmit={submit}>
        <Field label={viewsText.name} hint={hint} error={problem ?? undefined}>
          {(id, describedBy) => (
            <input
              id={id}
              aria-describedby={describedBy}
              required
              maxLength={64}
              pattern=".*\S.*"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
        <DialogActions>
          <Button onClick={onClose}>{text.back}</Button>
          <Button kind="primary" submit disabled={busy}>
            {text.save}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
