import type { TaskSummary } from "@mission-control/protocol";
import { type FormEvent, useState } from "react";
import { newIdempotencyKey } from "../api/idempotency-key.ts";
import { taskCalls } from "../api/task-calls.ts";
import { useAgents } from "../app/use-agents.ts";
import { useMission } from "../app/use-mission.ts";
import { text } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { changedFields, draftOf, fieldsOf, type TaskDraft, whyNotMade } from "./task-draft.ts";
import styles from "./task-form.module.css";
import { useTaskActions } from "./use-task-actions.ts";

const PRIORITIES = ["low", "normal", "high", "urgent"] as const;

interface TaskFormProps {
  task?: TaskSummary;
  /** The new words of the task there is: of those fields that were changed. */
  onEdit?(fields: object): void;
  onClose(): void;
  onBulk?(): void;
}

/** Writes a new task, or other words for one there is. */
export function TaskForm({ task, onEdit, onClose, onBulk }: TaskFormProps) {
  const { api } = useMission();
  const actions = useTaskActions();
  const agents = useAgents();
  const [before] = useState(() => draftOf(task));
  const [draft, setDraft] = useState(before);
  const { title, description, priority, tags, context, requiresReview } = draft;
  const write = (written: Partial<TaskDraft>) => setDraft((now) => ({ ...now, ...written }));
  const [agentId, setAgentId] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<{ field: "context" | "form"; words: string } | null>(null);
  // One form makes one task, however often it is sent.
  const [idempotencyKey] = useState(() => newIdempotencyKey());

  async function submit(event: FormEvent) {
    event.preventDefault();
    const fields = fieldsOf(draft);
    if (!fields) return setProblem({ field: "context", words: text.taskForm.contextInvalid });
    if (task) {
      onClose();
      const changed = changedFields(before, fields);
      if (Object.keys(changed).length > 0) onEdit?.(changed);
      return;
    }
    setBusy(true);
    setProblem(null);
    try {
      const call = { ...taskCalls.create(fields), headers: { "idempotency-key": idempotencyKey } };
      const created = await api.call<TaskSummary>(call);
      onClose();
      if (agentId) await actions.dispatch(created.id, agentId);
    } catch (error) {
      setProblem({ field: "form", words: whyNotMade(error as Error) });
      setBusy(false);
    }
  }

  return (
    <Dialog title={task ? text.taskForm.edit : text.taskForm.create} onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <Field label={text.taskForm.title}>
          {(id) => (
            <input
              id={id}
              value={title}
              maxLength={500}
              required
              autoComplete="off"
              onChange={(event) => write({ title: event.target.value })}
            />
          )}
        </Field>
        <Field label={text.taskForm.description} optional={text.optional} hint={text.taskForm.markdown}>
          {(id, describedBy) => (
            <textarea
              id={id}
              aria-describedby={describedBy}
              value={description}
              onChange={(event) => write({ description: event.target.value })}
            />
          )}
        </Field>
        <div className={styles.pair}>
          <Field label={text.taskForm.priority}>
            {(id) => (
              <select
                id={id}
                value={priority}
                onChange={(event) => write({ priority: event.target.value as TaskDraft["priority"] })}
              >
                {PRIORITIES.map((level) => (
                  <option key={level} value={level}>
                    {text.priority[level]}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label={text.taskForm.tags} optional={text.taskForm.commas}>
            {(id) => (
              <input
                id={id}
                value={tags}
                autoComplete="off"
                onChange={(event) => write({ tags: event.target.value })}
              />
            )}
          </Field>
        </div>
        <details open={context !== "" || undefined}>
          <summary>{text.taskForm.more}</summary>
          <div className={styles.more}>
            <Field
              label={text.taskForm.context}
              optional={text.optional}
              hint={text.taskForm.contextHint}
              error={problem?.field === "context" ? problem.words : undefined}
            >
              {(id, describedBy) => (
                <textarea
                  id={id}
                  className={styles.code}
                  aria-describedby={describedBy}
                  value={context}
                  spellCheck={false}
                  onChange={(event) => write({ context: event.target.value })}
                />
              )}
            </Field>
          </div>
        </details>
        <label className={styles.check}>
          <input
            type="checkbox"
            checked={requiresReview}
            onChange={(event) => write({ requiresReview: event.target.checked })}
          />
          {text.taskForm.review}
        </label>
        {task ? null : (
          <Field label={text.taskForm.dispatch} optional={text.optional}>
            {(id) => (
              <select id={id} value={agentId} onChange={(event) => setAgentId(event.target.value)}>
                <option value="">{text.taskForm.notYet}</option>
                {agents.data?.map(({ id: agent, name, status }) => (
                  <option key={agent} value={agent}>
                    {`${name} (${text.agentStatus[status]})`}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        {problem?.field === "form" ? (
          <p className={styles.problem} role="alert">
            {problem.words}
          </p>
        ) : null}
        <DialogActions>
          {onBulk ? (
            <Button kind="quiet" className={styles.bulk} onClick={onBulk}>
              {text.taskForm.many}
            </Button>
          ) : null}
          <Button onClick={onClose}>{text.back}</Button>
          <Button kind="primary" submit disabled={busy || title.trim() === ""}>
            {task ? text.save : agentId ? text.taskForm.submitAndDispatch : text.taskForm.submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
