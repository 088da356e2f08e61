import type { TaskSummary } from "@mission-control/protocol";
import { type FormEvent, useState } from "react";
import { newIdempotencyKey } from "../api/idempotency-key.ts";
import { taskCalls } from "../api/task-calls.ts";
import { useAgents } from "../app/use-agents.ts";
import { useMission } from "../app/use-mission.ts";
import { splitList } from "../text/split-list.ts";
import { text } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { parseContext } from "./parse-context.ts";
import styles from "./task-form.module.css";
import { useTaskActions } from "./use-task-actions.ts";

export const PRIORITIES = ["low", "normal", "high", "urgent"] as const;

interface TaskFormProps {
  task?: TaskSummary;
  /** The new words of the task there is. */
  onEdit?(fields: object): void;
  onClose(): void;
  onBulk?(): void;
}

/** Writes a new task, or other words for one there is. */
export function TaskForm({ task, onEdit, onClose, onBulk }: TaskFormProps) {
  const { api } = useMission();
  const actions = useTaskActions();
  const agents = useAgents();
  const [title, setTitle] = useState(task?.title ?? "");
  const [description, setDescription] = useState(task?.description ?? "");
  const [priority, setPriority] = useState<string>(task?.priority ?? "normal");
  const [tags, setTags] = useState(task?.tags.join(", ") ?? "");
  const [context, setContext] = useState(
    task && Object.keys(task.context).length ? JSON.stringify(task.context, null, 2) : "",
  );
  const [requiresReview, setRequiresReview] = useState(task?.requiresReview ?? false);
  const [agentId, setAgentId] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<{ field: "context" | "form"; words: string } | null>(null);
  // One form makes one task, however often it is sent.
  const [idempotencyKey] = useState(() => newIdempotencyKey());

  async function submit(event: FormEvent) {
    event.preventDefault();
    const parsed = parseContext(context);
    if (!parsed) return setProblem({ field: "context", words: text.taskForm.contextInvalid });
    const fields = {
      title: title.trim(),
      description,
      priority,
      tags: splitList(tags),
      context: parsed,
      requiresReview,
    };
    if (task) {
      onClose();
      onEdit?.(fields);
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
      setProblem({ field: "form", words: (error as Error).message });
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
              onChange={(event) => setTitle(event.target.value)}
            />
          )}
        </Field>
        <Field label={text.taskForm.description} optional={text.optional} hint={text.taskForm.markdown}>
          {(id, describedBy) => (
            <textarea
              id={id}
              aria-describedby={describedBy}
              value={description}
              onChange={(event) => setDescription(event.target.value)}
            />
          )}
        </Field>
        <div className={styles.pair}>
          <Field label={text.taskForm.priority}>
            {(id) => (
              <select id={id} value={priority} onChange={(event) => setPriority(event.target.value)}>
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
                onChange={(event) => setTags(event.target.value)}
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
                  onChange={(event) => setContext(event.target.value)}
                />
              )}
            </Field>
          </div>
        </details>
        <label className={styles.check}>
          <input
            type="checkbox"
            checked={requiresReview}
            onChange={(event) => setRequiresReview(event.target.checked)}
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
