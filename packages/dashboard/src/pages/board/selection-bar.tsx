import type { TaskSummary } from "@mission-control/protocol";
import { type FormEvent, useEffect, useState } from "react";
import { isPageKey } from "../../app/shortcuts.ts";
import { AgentPicker } from "../../tasks/agent-picker.tsx";
import { boardText } from "../../text/board-text.ts";
import { splitList } from "../../text/split-list.ts";
import { text } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import styles from "./selection.module.css";
import { thoseFor, useBulkActions } from "./use-bulk-actions.ts";

/** What can be done with the selected tasks. */
export function SelectionBar({ tasks, onClear }: { tasks: readonly TaskSummary[]; onClear(): void }) {
  const actions = useBulkActions();
  const [asked, setAsked] = useState<"dispatch" | "tag" | null>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && isPageKey(event)) onClear();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [onClear]);
  const done = (act: () => void) => () => {
    setAsked(null);
    act();
    onClear();
  };
  const ready = thoseFor(tasks, "dispatch");
  return (
    <section className={styles.bar} aria-label={boardText.selected(tasks.length)}>
      <strong>{boardText.selected(tasks.length)}</strong>
      <Button icon="send" disabled={ready.length === 0} onClick={() => setAsked("dispatch")}>
        {boardText.dispatchTo}
      </Button>
      <Button disabled={thoseFor(tasks, "cancel").length === 0} onClick={done(() => actions.cancel(tasks))}>
        {boardText.cancel}
      </Button>
      <Button onClick={() => setAsked("tag")}>{boardText.tag}</Button>
      <Button
        kind="danger"
        icon="trash"
        disabled={thoseFor(tasks, "delete").length === 0}
        onClick={done(() => actions.delete(tasks))}
      >
        {text.action.delete}
      </Button>
      <Button kind="quiet" onClick={onClear}>
        {boardText.clearSelection}
      </Button>
      {asked === "dispatch" ? (
        <AgentPicker
          title={boardText.dispatchMany(ready.length)}
          preferred={null}
          tasks={ready.length}
          onClose={() => setAsked(null)}
          onPick={(agentIds) => done(() => actions.dispatch(ready, agentIds))()}
        />
      ) : null}
      {asked === "tag" ? (
        <TagDialog
          tasks={tasks.length}
          onClose={() => setAsked(null)}
          onTag={(tags) => done(() => actions.tag(tasks, tags))()}
        />
      ) : null}
    </section>
  );
}

interface TagDialogProps {
  tasks: number;
  onClose(): void;
  onTag(tags: readonly string[]): void;
}

function TagDialog({ tasks, onClose, onTag }: TagDialogProps) {
  const [typed, setTyped] = useState("");
  const tags = splitList(typed);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onTag(tags);
  };
  return (
    <Dialog title={boardText.tagTitle(tasks)} onClose={onClose}>
      <form onSubmit={submit}>
        <Field label={text.taskForm.tags} hint={boardText.tagHint}>
          {(id, describedBy) => (
            <input
              id={id}
              aria-describedby={describedBy}
              value={typed}
              autoComplete="off"
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
        <br />
        <DialogActions>
          <Button onClick={onClose}>{text.back}</Button>
          <Button kind="primary" submit disabled={tags.length === 0}>
            {text.save}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
