import type { AgentView } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { useMission } from "../../app/use-mission.ts";
import type { AgentRecord } from "../../insights/attempt-history.ts";
import { formatDuration } from "../../text/duration.ts";
import { splitList } from "../../text/split-list.ts";
import { text } from "../../text/text.ts";
import { formatUsage } from "../../text/usage.ts";
import { AgentStatusBadge } from "../../ui/agent-status.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import styles from "../../ui/table.module.css";
import { Ago, Moment } from "../../ui/time.tsx";
import { usePanelFocus } from "../../ui/use-panel-focus.ts";
import { useTaskTitle } from "../../ui/use-task-title.ts";
import { formatRate } from "./format-rate.ts";
import { useAgentCalls } from "./use-agent-calls.ts";

const FAILURES_SHOWN = 8;

interface AgentPanelProps {
  agent: AgentView;
  record: AgentRecord | undefined;
  since: number | undefined;
  onClose(): void;
}

/** Everything about one agent. */
export function AgentPanel({ agent, record, since, onClose }: AgentPanelProps) {
  const panel = usePanelFocus(`[data-agent="${agent.id}"]`);
  const [open, setOpen] = useState<"edit" | "remove" | null>(null);
  useEffect(() => {
    const onKey = ({ key, defaultPrevented }: KeyboardEvent) => {
      if (key === "Escape" && !defaultPrevented && open === null) onClose();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [onClose, open]);
  const { endpoint } = agent;
  return (
    <aside ref={panel} tabIndex={-1} className={styles.panel} aria-label={agent.name}>
      <header className={styles.panelHead}>
        <h2>
          <Foreign max={128}>{agent.name}</Foreign>
        </h2>
        <IconButton icon="close" label={text.close} onClick={onClose} />
      </header>
      <div className={styles.panelBody}>
        <dl className={styles.facts}>
          <Fact name={text.agents.status}>
            <AgentStatusBadge agent={agent} />
            {agent.statusReason ? (
              <span className={styles.under}>
                <Foreign max={600}>{agent.statusReason}</Foreign>
              </span>
            ) : null}
          </Fact>
          <Fact name={text.agents.work}>
            {text.agents.load(agent.running, agent.concurrency, agent.queued)}
          </Fact>
          <Fact name={text.agents.success}>{formatRate(record)}</Fact>
          <Fact name={text.agents.median}>
            {record?.medianDuration == null ? text.none : formatDuration(record.medianDuration)}
          </Fact>
          {agent.usage ? <Fact name={text.task.usage}>{formatUsage(agent.usage)}</Fact> : null}
          <Fact name={text.agents.lastSeen}>
            {agent.lastSeenAt ? <Ago at={agent.lastSeenAt} /> : text.never}
          </Fact>
          <Fact name={text.agents.endpoint}>
            {endpoint.kind === "http" ? (
              <code>{endpoint.url}</code>
            ) : (
              text.agents.onGateway(endpoint.agentId, endpoint.gatewayId)
            )}
          </Fact>
          <Fact name={text.agents.capabilities}>{agent.capabilities.join(", ") || text.none}</Fact>
          <Fact name={text.task.id}>
            <code>{agent.id}</code>
          </Fact>
          <Fact name={text.task.created}>
            <Moment at={agent.createdAt} />
          </Fact>
        </dl>
        <div className={styles.actions}>
          <Button onClick={() => setOpen("edit")}>{text.agents.edit}</Button>
          <Button kind="danger" onClick={() => setOpen("remove")}>
            {text.agents.remove}
          </Button>
          <Link to="/" search={{ agent: agent.id }} className={styles.accent}>
            {text.agents.activity}
          </Link>
          <Link to="/board" search={{ agent: agent.id }} className={styles.accent}>
            {text.agents.tasks}
          </Link>
        </div>
        <section className={styles.section}>
          <h2>{text.agents.failures}</h2>
          {record?.failures.length ? (
            <ul className={styles.items}>
              {record.failures.slice(0, FAILURES_SHOWN).map((failure) => (
                <li key={failure.dispatchId}>
                  <TaskLink taskId={failure.taskId} />
                  <span className={styles.quiet}>
                    {failure.endedAt ? <Ago at={new Date(failure.endedAt).toISOString()} /> : null}
                  </span>
                  <p className={styles.bad}>
                    <Foreign max={300}>{failure.reason ?? text.dispatchState.failed}</Foreign>
                  </p>
                </li>
              ))}
            </ul>
          ) : (
            <p className={styles.quiet}>{text.agents.noFailures}</p>
          )}
          {since === undefined ? null : (
            <p className={styles.quiet}>
              {text.agents.since} <Ago at={new Date(since).toISOString()} />
            </p>
          )}
        </section>
      </div>
      {open === "edit" ? <EditAgent agent={agent} onClose={() => setOpen(null)} /> : null}
      {open === "remove" ? (
        <RemoveAgent agent={agent} onClose={() => setOpen(null)} onRemoved={onClose} />
      ) : null}
    </aside>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function TaskLink({ taskId }: { taskId: string }) {
  const title = useTaskTitle(taskId);
  return (
    <Link to="/tasks/$taskId" params={{ taskId }} className={styles.link}>
      <Foreign max={120}>{title ?? taskId}</Foreign>
    </Link>
  );
}

function EditAgent({ agent, onClose }: { agent: AgentView; onClose(): void }) {
  const calls = useAgentCalls();
  const [name, setName] = useState(agent.name);
  const [capabilities, setCapabilities] = useState(agent.capabilities.join(", "));
  const [concurrency, setConcurrency] = useState(String(agent.concurrency));
  const [problem, setProblem] = useState<string | null>(null);
  async function submit(event: FormEvent) {
    event.preventDefault();
    const fields = { name, capabilities: splitList(capabilities), concurrency: Number(concurrency) };
    const refused = await calls.edit(agent.id, fields);
    if (refused) setProblem(refused);
    else onClose();
  }
  return (
    <Dialog title={text.agents.editTitle(agent.name)} onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <Field label={text.agents.name}>
          {(id) => <input id={id} value={name} required onChange={(event) => setName(event.target.value)} />}
        </Field>
        <Field label={text.agents.capabilities} optional={text.taskForm.commas}>
          {(id) => (
            <input id={id} value={capabilities} onChange={(event) => setCapabilities(event.target.value)} />
          )}
        </Field>
        <Field
          label={text.agents.concurrency}
          hint={text.agents.concurrencyHint}
          error={problem ?? undefined}
        >
          {(id, describedBy) => (
            <input
              id={id}
              aria-describedby={describedBy}
              type="number"
              min={1}
              max={1000}
              required
              value={concurrency}
              onChange={(event) => setConcurrency(event.target.value)}
            />
          )}
        </Field>
        <DialogActions>
          <Button onClick={onClose}>{text.back}</Button>
          <Button kind="primary" submit>
            {text.save}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function RemoveAgent({
  agent,
  onClose,
  onRemoved,
}: {
  agent: AgentView;
  onClose(): void;
  onRemoved(): void;
}) {
  const calls = useAgentCalls();
  const { notices } = useMission();
  async function remove() {
    onClose();
    const refused = await calls.remove(agent.id);
    if (refused) notices.error(refused);
    else onRemoved();
  }
  return (
    <Dialog
      title={text.agents.removeTitle(agent.name)}
      description={text.agents.removeHint}
      onClose={onClose}
    >
      <DialogActions>
        <Button onClick={onClose}>{text.back}</Button>
        <Button kind="danger" onClick={() => void remove()}>
          {text.agents.remove}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
