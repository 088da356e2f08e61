import { type FormEvent, useMemo, useState } from "react";
import { newIdempotencyKey } from "../api/idempotency-key.ts";
import { useAgents } from "../app/use-agents.ts";
import { useMission } from "../app/use-mission.ts";
import { text } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { ProgressBar } from "../ui/state.tsx";
import { areAllDone, createMany, type Outcome, type Outcomes } from "./create-many.ts";
import { parseBulk } from "./parse-bulk.ts";
import styles from "./task-form.module.css";
import { useTaskActions } from "./use-task-actions.ts";

/** Makes many tasks from pasted lines, JSON or CSV. What failed stays and can be sent again; what is done is not made twice. */
export function BulkForm({ onClose, onOne }: { onClose(): void; onOne(): void }) {
  const { api, notices } = useMission();
  const actions = useTaskActions();
  const agents = useAgents();
  const [pasted, setPasted] = useState("");
  const [agentId, setAgentId] = useState("");
  const [outcomes, setOutcomes] = useState<Outcomes>(new Map());
  const [busy, setBusy] = useState(false);
  const [batch] = useState(() => newIdempotencyKey());
  const bulk = useMemo(() => parseBulk(pasted), [pasted]);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    const results = await createMany(api, {
      tasks: bulk.tasks,
      batch,
      before: outcomes,
      onOutcome: setOutcomes,
      onCreated: ({ id }) => agentId && void actions.dispatch(id, agentId),
    });
    setBusy(false);
    if (!areAllDone(results, bulk.tasks.length)) return;
    notices.info(text.bulk.created(bulk.tasks.length));
    onClose();
  }

  const started = outcomes.size > 0;
  return (
    <Dialog title={text.bulk.title} description={text.bulk.hint} wide onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <Field
          label={text.bulk.paste}
          error={bulk.problems.length ? bulk.problems.slice(0, 5).join("; ") : undefined}
        >
          {(id, describedBy) => (
            <textarea
              id={id}
              rows={8}
              className={styles.code}
              aria-describedby={describedBy}
              value={pasted}
              readOnly={started}
              spellCheck={false}
              placeholder={text.bulk.example}
              onChange={(event) => setPasted(event.target.value)}
            />
          )}
        </Field>
        {bulk.tasks.length > 0 ? (
          <>
            <p>{text.bulk.found(bulk.tasks.length, text.bulk.form[bulk.form])}</p>
            <ul className={styles.preview}>
              {bulk.tasks.map((task, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a pasted line has no other name
                <li key={index}>
                  <span>{task.title}</span>
                  <OutcomeWords outcome={outcomes.get(index)} />
                </li>
              ))}
            </ul>
          </>
        ) : null}
        {busy ? <ProgressBar value={outcomes.size / bulk.tasks.length} label={text.progress} /> : null}
        <Field label={text.taskForm.dispatch} optional={text.optional}>
          {(id) => (
            <select id={id} value={agentId} onChange={(event) => setAgentId(event.target.value)}>
              <option value="">{text.taskForm.notYet}</option>
              {agents.data?.map(({ id: agent, name }) => (
                <option key={agent} value={agent}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <DialogActions>
          <Button kind="quiet" className={styles.bulk} onClick={onOne}>
            {text.bulk.one}
          </Button>
          <Button onClick={onClose}>{text.back}</Button>
          <Button
            kind="primary"
            submit
            disabled={busy || bulk.tasks.length === 0 || bulk.problems.length > 0}
          >
            {started && !busy ? text.bulk.again : text.bulk.submit(bulk.tasks.length)}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function OutcomeWords({ outcome }: { outcome: Outcome | undefined }) {
  if (outcome === undefined) return null;
  if (outcome === "done") return <span className={styles.done}>{text.bulk.done}</span>;
  return <span className={styles.wrong}>{outcome.failed}</span>;
}
