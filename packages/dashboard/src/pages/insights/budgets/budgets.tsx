import type { BudgetView } from "@mission-control/protocol";
import { useState } from "react";
import { useMission } from "../../../app/use-mission.ts";
import { budgetsText as words } from "../../../text/budgets-text.ts";
import { text } from "../../../text/text.ts";
import { Button } from "../../../ui/button.tsx";
import { Dialog, DialogActions } from "../../../ui/dialog.tsx";
import { type BudgetEntries, bodyOf, entriesOf, newEntries } from "./budget-entries.ts";
import { BudgetForm } from "./budget-form.tsx";
import { BudgetRow } from "./budget-row.tsx";
import styles from "./budgets.module.css";
import { BUDGETS, useBudgets, useBudgetsChanged } from "./use-budgets.ts";

/** What is done to a budget in a dialog. */
type Doing = { what: "add" } | { what: "edit" | "remove"; budget: BudgetView };

/** How much may be spent, and how much of it is: by day or month, of all, an agent or a tag. */
export function Budgets() {
  const { data } = useBudgets();
  const [doing, setDoing] = useState<Doing | null>(null);
  // The page tells why nothing can be read.
  if (!data) return null;
  const close = () => setDoing(null);
  return (
    <section className={styles.budgets} aria-labelledby="budgets">
      <header className={styles.head}>
        <h2 id="budgets">{words.title}</h2>
        <Button icon="plus" onClick={() => setDoing({ what: "add" })}>
          {words.add}
        </Button>
      </header>
      {data.length === 0 ? <p className={styles.quiet}>{words.none}</p> : null}
      <ul>
        {data.map((budget) => (
          <BudgetRow
            key={budget.id}
            budget={budget}
            onEdit={() => setDoing({ what: "edit", budget })}
            onRemove={() => setDoing({ what: "remove", budget })}
          />
        ))}
      </ul>
      {doing?.what === "add" ? <AddBudget onClose={close} /> : null}
      {doing?.what === "edit" ? <EditBudget budget={doing.budget} onClose={close} /> : null}
      {doing?.what === "remove" ? <RemoveBudget budget={doing.budget} onClose={close} /> : null}
    </section>
  );
}

function AddBudget({ onClose }: { onClose(): void }) {
  const { api } = useMission();
  const changed = useBudgetsChanged();
  const [begin] = useState(newEntries);
  const add = async (entries: BudgetEntries) => {
    await api.call({ method: "POST", path: BUDGETS, body: bodyOf(entries, undefined) });
    await changed();
    onClose();
  };
  return <BudgetForm title={words.add} begin={begin} action={words.add} onSubmit={add} onClose={onClose} />;
}

function EditBudget({ budget, onClose }: { budget: BudgetView; onClose(): void }) {
  const { api } = useMission();
  const changed = useBudgetsChanged();
  const save = async (entries: BudgetEntries) => {
    const path = `${BUDGETS}/${encodeURIComponent(budget.id)}`;
    await api.call({ method: "PATCH", path, body: bodyOf(entries, null) });
    await changed();
    onClose();
  };
  return (
    <BudgetForm
      title={words.edit(budget.name)}
      begin={entriesOf(budget)}
      action={words.save}
      onSubmit={save}
      onClose={onClose}
    />
  );
}

function RemoveBudget({ budget: { id, name }, onClose }: { budget: BudgetView; onClose(): void }) {
  const { api, notices } = useMission();
  const changed = useBudgetsChanged();
  async function remove() {
    onClose();
    try {
      await api.call({ method: "DELETE", path: `${BUDGETS}/${encodeURIComponent(id)}` });
      await changed();
    } catch (error) {
      notices.error((error as Error).message);
    }
  }
  return (
    <Dialog title={words.remove(name)} description={words.removeHint} onClose={onClose}>
      <DialogActions>
        <Button onClick={onClose}>{text.back}</Button>
        <Button kind="danger" onClick={() => void remove()}>
          {words.removeShort}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
