import type { BudgetView } from "@mission-control/protocol";
import { useState } from "react";
import { agentName, useAgents } from "../../../app/use-agents.ts";
import { useMission } from "../../../app/use-mission.ts";
import { budgetsText as words } from "../../../text/budgets-text.ts";
import { formatMomentIn } from "../../../text/moment.ts";
import { formatCost } from "../../../text/usage.ts";
import { Foreign } from "../../../ui/foreign.tsx";
import { Menu } from "../../../ui/menu.tsx";
import { Badge } from "../../../ui/state.tsx";
import { bothTimes } from "../../../ui/time.tsx";
import { amountText, shareOf } from "./budget-entries.ts";
import styles from "./budgets.module.css";

const NEAR = 0.8;

interface BudgetRowProps {
  budget: BudgetView;
  onEdit(): void;
  onRemove(): void;
}

/** A budget: what it covers, how much of it is spent, and what is not known. */
export function BudgetRow({ budget, onEdit, onRemove }: BudgetRowProps) {
  const [open, setOpen] = useState(false);
  const { name, limit, spent, period, periodEnd, timeZone, refuses } = budget;
  const share = shareOf(budget);
  const state = share >= 1 ? "used" : share >= NEAR ? "near" : null;
  const most =
    "tokens" in limit ? words.tokensOf(amountText(limit.tokens, limit)) : amountText(limit.amount, limit);
  const told = words.spent(amountText(spent, limit), most, words.periods[period]);
  return (
    <li className={styles.budget} data-state={state ?? "within"}>
      <div className={styles.head}>
        <strong>
          <Foreign max={120}>{name}</Foreign>
        </strong>
        <span className={styles.quiet}>
          <Foreign max={200}>{useCovered(budget)}</Foreign>
        </span>
        {state ? <Badge tone={state === "used" ? "bad" : "attention"}>{words.state[state]}</Badge> : null}
        <span className={styles.figures}>
          {told} <span className={styles.quiet}>{words.percent(share)}</span>
        </span>
        <Menu
          label={words.actions(name)}
          tabStop
          open={open}
          onOpenChange={setOpen}
          entries={[
            { label: words.editShort, icon: "edit", onSelect: onEdit },
            { label: words.removeShort, icon: "trash", danger: true, onSelect: onRemove },
          ]}
        />
      </div>
      <meter
        className={styles.bar}
        min={0}
        max={1}
        value={Math.min(1, share)}
        aria-label={`${name}: ${told}`}
      />
      <p className={styles.notes}>
        <span>
          {words.anew}{" "}
          <time dateTime={periodEnd} title={bothTimes(periodEnd)}>
            {formatMomentIn(timeZone, new Date(periodEnd))}
          </time>{" "}
          {words.zone(timeZone)}
        </span>
        {refuses ? (
          <span className={share >= 1 ? styles.bad : undefined}>
            {share >= 1 ? words.refusing : words.refusesThen}
          </span>
        ) : null}
        <Uncounted budget={budget} />
      </p>
    </li>
  );
}

/** What is not in the figure. */
function Uncounted({ budget: { unknown, otherCosts, limit, isComplete } }: { budget: BudgetView }) {
  return (
    <>
      {unknown > 0 ? <span>{words.unknown(unknown, "tokens" in limit ? "tokens" : "cost")}</span> : null}
      {otherCosts.length > 0 ? <span>{words.otherCosts(otherCosts.map(formatCost).join(" + "))}</span> : null}
      {isComplete ? null : <span>{words.counting}</span>}
    </>
  );
}

/** What a budget covers, in words. */
function useCovered({ agentId, tag }: BudgetView): string {
  const mission = useMission();
  useAgents();
  const parts: string[] = [];
  if (agentId !== undefined) parts.push(words.covers.agent(agentName(mission, agentId) ?? agentId));
  if (tag !== undefined) parts.push(words.covers.tag(tag));
  return parts.join(", ") || words.covers.all;
}
