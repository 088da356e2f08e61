import type { InboxItem } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import type { Ref } from "react";
import { agentName } from "../app/use-agents.ts";
import { useLive, useMission } from "../app/use-mission.ts";
import { inboxText } from "../text/inbox-text.ts";
import { runText } from "../text/run-text.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Foreign } from "../ui/foreign.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";
import { Ago } from "../ui/time.tsx";
import styles from "./inbox.module.css";
import type { InboxAct } from "./inbox-acts.ts";
import { InboxDetail } from "./inbox-detail.tsx";

const ICON: Record<InboxItem["kind"], IconName> = {
  question: "bell",
  undelivered: "warning",
  review: "check",
  failure: "warning",
  silent: "pause",
};

interface InboxEntryProps {
  item: InboxItem;
  /** What can be done with it, in order. */
  acts: readonly InboxAct[];
  /** Only one line, with what it is about left out. */
  brief?: boolean;
  isSelected?: boolean;
  ref?: Ref<HTMLLIElement>;
  onFocus?(): void;
  onAct(act: InboxAct): void;
}

/** One thing that waits: what, whose, by whom, for how long, what it is about, and what can be done. */
export function InboxEntry(props: InboxEntryProps) {
  const { item, acts, brief = false, isSelected = false, ref, onFocus, onAct } = props;
  const { task, kind } = item;
  const mission = useMission();
  const agent = useLive(() => (task.agentId ? agentName(mission, task.agentId) : undefined));
  const pending = useLive((state) => state.pending.get(task.id));
  return (
    <li
      ref={ref}
      tabIndex={brief ? undefined : -1}
      className={styles.entry}
      data-kind={kind}
      data-selected={isSelected}
      data-waits={task.id}
      onFocus={onFocus}
    >
      <p className={styles.line}>
        <span className={styles.kind}>
          <Icon name={ICON[kind]} size={14} />
          {inboxText.kind[kind]}
        </span>
        <Link to="/tasks/$taskId" params={{ taskId: task.id }} className={styles.title}>
          <Foreign max={160}>{task.title}</Foreign>
        </Link>
        {brief && item.request ? (
          <span className={styles.brief}>
            <Foreign max={160}>{item.request.title}</Foreign>
          </span>
        ) : null}
        <span className={styles.who}>
          {agent ? <Foreign max={60}>{agent}</Foreign> : null}
          <Ago at={item.since} />
        </span>
      </p>
      {brief ? null : <InboxDetail item={item} />}
      <div className={styles.acts}>
        {acts.map((act) =>
          act.kind === "snooze" ? (
            <IconButton
              key={act.key}
              icon="later"
              label={inboxText.snooze}
              aria-keyshortcuts={act.key}
              onClick={() => onAct(act)}
            />
          ) : (
            <Button
              key={act.key}
              kind={act.isLasting ? "quiet" : act.isRefusal ? "danger" : act.isFirst ? "primary" : "plain"}
              disabled={pending !== undefined}
              aria-keyshortcuts={act.key}
              onClick={() => onAct(act)}
            >
              <Foreign max={80}>{act.label}</Foreign>
              {brief ? null : <kbd className={styles.key}>{act.key}</kbd>}
            </Button>
          ),
        )}
        {!brief && acts.some(({ isLasting }) => isLasting) ? (
          <span className={styles.lasting}>{runText.question.lasting(item.request?.tool?.name)}</span>
        ) : null}
        {pending ? <span className={styles.pending}>{pending.label}</span> : null}
        {brief && item.request?.fields ? (
          <Link to="/tasks/$taskId" params={{ taskId: task.id }} className={styles.link}>
            {runText.question.fill}
          </Link>
        ) : null}
        {kind === "undelivered" ? (
          <Link to="/tasks/$taskId" params={{ taskId: task.id }} className={styles.link}>
            {inboxText.write}
          </Link>
        ) : null}
        {kind === "silent" ? (
          <Link to="/tasks/$taskId" params={{ taskId: task.id }} className={styles.link}>
            {inboxText.open}
          </Link>
        ) : null}
      </div>
    </li>
  );
}
