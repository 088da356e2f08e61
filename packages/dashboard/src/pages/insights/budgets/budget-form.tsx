import { type FormEvent, useState } from "react";
import { useAgents } from "../../../app/use-agents.ts";
import { budgetsText as words } from "../../../text/budgets-text.ts";
import { text } from "../../../text/text.ts";
import { Button } from "../../../ui/button.tsx";
import { Dialog, DialogActions } from "../../../ui/dialog.tsx";
import { Field } from "../../../ui/field.tsx";
import table from "../../../ui/table.module.css";
import type { BudgetEntries } from "./budget-entries.ts";
import styles from "./budgets.module.css";

interface BudgetFormProps {
  title: string;
  begin: BudgetEntries;
  /** What the button says that sends it. */
  action: string;
  /** Rejects with what is to be said. */
  onSubmit(entries: BudgetEntries): Promise<void>;
  onClose(): void;
}

/** The form of a budget, new or not. */
export function BudgetForm({ title, begin, action, onSubmit, onClose }: BudgetFormProps) {
  const agents = useAgents().data ?? [];
  const [entries, setEntries] = useState(begin);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const set = (change: Partial<BudgetEntries>) => setEntries((before) => ({ ...before, ...change }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    setProblem(null);
    onSubmit(entries)
      .catch((error: Error) => setProblem(error.message))
      .finally(() => setIsBusy(false));
  };
  const { name, kind, amount, currency, period, timeZone, agentId, tag, refuses } = entries;
  const isGone = agentId !== "" && !agents.some(({ id }) => id === agentId);
  return (
    <Dialog title={title} description={words.formHint} onClose={onClose}>
      <form className={table.form} onSubmit={submit}>
        <Field label={words.name}>
          {(id) => (
            <input
              id={id}
              required
              maxLength={500}
              value={name}
              onChange={({ target }) => set({ name: target.value })}
            />
          )}
        </Field>
        <div className={styles.pair}>
          <Field label={words.kind}>
            {(id) => (
              <select
                id={id}
                value={kind}
                onChange={({ target }) => set({ kind: target.value === "tokens" ? "tokens" : "money" })}
              >
                <option value="money">{words.kinds.money}</option>
                <option value="tokens">{words.kinds.tokens}</option>
              </select>
            )}
          </Field>
          <Field label={kind === "tokens" ? words.tokens : words.amount}>
            {(id) => (
              <input
                id={id}
                type="number"
                required
                min={kind === "tokens" ? 1 : 0.000001}
                step={kind === "tokens" ? 1 : "any"}
                value={amount}
                onChange={({ target }) => set({ amount: target.value })}
              />
            )}
          </Field>
          {kind === "money" ? (
            <Field label={words.currency} hint={words.currencyHint}>
              {(id, describedBy) => (
                <input
                  id={id}
                  aria-describedby={describedBy}
                  required
                  maxLength={12}
                  value={currency}
                  onChange={({ target }) => set({ currency: target.value })}
                />
              )}
            </Field>
          ) : null}
        </div>
        <div className={styles.pair}>
          <Field label={words.period}>
            {(id) => (
              <select
                id={id}
                value={period}
                onChange={({ target }) => set({ period: target.value === "month" ? "month" : "day" })}
              >
                <option value="day">{words.periods.day}</option>
                <option value="month">{words.periods.month}</option>
              </select>
            )}
          </Field>
          <Field label={words.timeZone} hint={words.timeZoneHint}>
            {(id, describedBy) => (
              <input
                id={id}
                aria-describedby={describedBy}
                required
                value={timeZone}
                onChange={({ target }) => set({ timeZone: target.value })}
              />
            )}
          </Field>
        </div>
        <div className={styles.pair}>
          <Field label={words.agent}>
            {(id) => (
              <select id={id} value={agentId} onChange={({ target }) => set({ agentId: target.value })}>
                <option value="">{words.anyAgent}</option>
                {isGone ? <option value={agentId}>{agentId}</option> : null}
                {agents.map((agent) => (
                  <option key={agent.id} value={agent.id}>
                    {agent.name}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label={words.tag} optional={text.optional} hint={words.tagHint}>
            {(id, describedBy) => (
              <input
                id={id}
                aria-describedby={describedBy}
                maxLength={64}
                value={tag}
                onChange={({ target }) => set({ tag: target.value })}
              />
            )}
          </Field>
        </div>
        <label className={styles.check}>
          <input
            type="checkbox"
            checked={refuses}
            onChange={({ target }) => set({ refuses: target.checked })}
          />
          <span>
            {words.refuses}
            <small>{words.refusesHint}</small>
          </span>
        </label>
        {problem === null ? null : (
          <p role="alert" className={table.bad}>
            {problem}
          </p>
        )}
        <DialogActions>
          <Button onClick={onClose}>{text.back}</Button>
          <Button kind="primary" submit disabled={isBusy}>
            {action}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
