import type { TaskSummary } from "@mission-control/protocol";
import { type FormEvent, useState } from "react";
import { text } from "../text/text.ts";
import { visibleText } from "../text/visible.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import type { TaskAction } from "./actions.ts";
import { AgentPicker } from "./agent-picker.tsx";
import { TaskForm } from "./task-form.tsx";
import type { TaskActions } from "./use-task-actions.ts";

/** An action on a task that needs something from a person first. */
export interface AskedAction {
  task: TaskSummary;
  action: TaskAction;
}

interface ActionDialogProps {
  asked: AskedAction;
  /** How this page acts. */
  actions: TaskActions;
  onClose(done: boolean): void;
}

/** Asks for what an action needs: the agent, the feedback, the new words, or a second thought. */
export function ActionDialog({ asked, actions, onClose }: ActionDialogProps) {
  const { task, action } = asked;
  const title = visibleText(task.title);
  switch (action) {
    case "dispatch":
      return (
        <AgentPicker
          title={text.action.dispatchTitle(title)}
          preferred={task.agentId}
          onClose={() => onClose(false)}
          onPick={([agentId]) => {
            onClose(true);
            if (agentId) void actions.dispatch(task.id, agentId);
          }}
        />
      );
    case "reject":
      return (
        <RejectDialog
          title={title}
          onClose={() => onClose(false)}
          onSend={(feedback) => {
            onClose(true);
            void actions.reject(task.id, feedback);
          }}
        />
      );
    case "edit":
      return (
        <TaskForm
          task={task}
          onEdit={(fields) => void actions.edit(task.id, fields)}
          onClose={() => onClose(true)}
        />
      );
    case "approve":
    case "cancel":
    case "delete":
      return (
        <Dialog
          title={text.action[`${action}Title`](title)}
          description={text.action[`${action}Hint`]}
          onClose={() => onClose(false)}
        >
          <DialogActions>
            <Button onClick={() => onClose(false)}>{text.back}</Button>
            <Button
              kind={action === "approve" ? "primary" : "danger"}
              onClick={() => {
                onClose(true);
                void actions[action](task.id);
              }}
            >
              {text.action[action]}
            </Button>
          </DialogActions>
        </Dialog>
      );
  }
}

function RejectDialog({
  title,
  onClose,
  onSend,
}: {
  title: string;
  onClose(): void;
  onSend(feedback: string): void;
}) {
  const [feedback, setFeedback] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSend(feedback.trim());
  };
  return (
    <Dialog title={text.action.rejectTitle(title)} description={text.action.rejectHint} onClose={onClose}>
      <form onSubmit={submit}>
        <Field label={text.action.feedback}>
          {(id, describedBy) => (
            <textarea
              id={id}
              aria-describedby={describedBy}
              value={feedback}
              onChange={(event) => setFeedback(event.target.value)}
              required
            />
          )}
        </Field>
        <br />
        <DialogActions>
          <Button onClick={onClose}>{text.back}</Button>
          <Button kind="primary" submit disabled={feedback.trim() === ""}>
            {text.action.reject}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
