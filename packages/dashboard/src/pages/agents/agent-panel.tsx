import type { AgentView, TaskSummary } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { useMission } from "../../app/use-mission.ts";
import { agentsText } from "../../text/agents-text.ts";
import { text } from "../../text/text.ts";
import { formatUsage } from "../../text/usage.ts";
import { AgentStatusBadge } from "../../ui/agent-status.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import styles from "../../ui/table.module.css";
import { Ago, Moment } from "../../ui/time.tsx";
import { usePanelFocus } from "../../ui/use-panel-focus.ts";
import { useTaskTitle } from "../../ui/use-task-title.ts";
import { EditAgent } from "./edit-agent.tsx";
import { Cost, Median, Rate } from "./figures.tsx";
import { PolicySection } from "./policy/policy-section.tsx";
import { RotateSecret } from "./rotate-secret.tsx";
import { TaskLine } from "./task-line.tsx";
import { useAgentCalls } from "./use-agent-calls.ts";
import { type AgentFigures, useFailureReasons } from "./use-agent-figures.ts";
import { useTestTask } from "./use-test-task.ts";

const FAILURES_SHOWN = 8;
/** More tasks than this are looked at on the board. */
const RUNNING_SHOWN = 10;

interface AgentPanelProps {
  agent: AgentView;
  /** What it has in hand. */
  tasks: readonly TaskSummary[];
  figures: AgentFigures | undefined;
  onClose(): void;
}

/** Everything about one agent. */
export function AgentPanel({ agent, tasks, figures, onClose }: AgentPanelProps) {
  const panel = usePanelFocus(`[data-agent="${agent.id}"]`);
  const [open, setOpen] = useState<"edit" | "rotate" | "remove" | null>(null);
  const [testing, setTesting] = useState(false);
  const testTask = useTestTask();
  const { notices } = useMission();
  useEffect(() => {
    const onKey = ({ key, defaultPrevented }: KeyboardEvent) => {
      if (key === "Escape" && !defaultPrevented && open === null) onClose();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [onClose, open]);
  const { endpoint } = agent;
  async function test() {
    setTesting(true);
    const refused = await testTask(agent);
    setTesting(false);
    if (refused) notices.error(refused);
  }
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
          <Fact name={agentsText.status}>
            <AgentStatusBadge agent={agent} />
            {agent.statusReason ? (
              <span className={styles.under}>
                <Foreign max={600}>{agent.statusReason}</Foreign>
              </span>
            ) : null}
          </Fact>
          <Fact name={agentsText.work}>
            {text.agents.load(agent.running, agent.concurrency, agent.queued)}
          </Fact>
          <Fact name={agentsText.success}>
            <Rate figures={figures} />
          </Fact>
          <Fact name={agentsText.median}>
            <Median figures={figures} />
          </Fact>
          <Fact name={agentsText.costToday}>
            <Cost figures={figures} />
          </Fact>
          {agent.usage ? <Fact name={text.task.usage}>{formatUsage(agent.usage)}</Fact> : null}
          <Fact name={agentsText.lastWord}>
            {agent.lastWordAt ? <Ago at={agent.lastWordAt} /> : text.never}
          </Fact>
          <Fact name={agentsText.endpoint}>
            {endpoint.kind === "http" ? (
              <code>{endpoint.url}</code>
            ) : (
              agentsText.onGateway(endpoint.agentId, endpoint.gatewayId)
            )}
          </Fact>
          {agent.previousSecretUntil ? (
            <Fact name={agentsText.rotate.both}>
              <Moment at={agent.previousSecretUntil} />
            </Fact>
          ) : null}
          <Fact name={agentsText.capabilities}>{agent.capabilities.join(", ") || text.none}</Fact>
          <Fact name={text.task.id}>
            <code>{agent.id}</code>
          </Fact>
          <Fact name={text.task.created}>
            <Moment at={agent.createdAt} />
          </Fact>
        </dl>
        <div className={styles.actions}>
          <Button icon="send" disabled={testing} onClick={() => void test()}>
            {agentsText.test}
          </Button>
          <Button onClick={() => setOpen("edit")}>{agentsText.edit}</Button>
          {endpoint.kind === "http" ? (
            <Button onClick={() => setOpen("rotate")}>{agentsText.rotate.button}</Button>
          ) : null}
          <Button kind="danger" onClick={() => setOpen("remove")}>
            {agentsText.remove}
          </Button>
          <Link to="/" search={{ agent: agent.id }} className={styles.accent}>
            {agentsText.activity}
          </Link>
          <Link to="/board" search={{ agent: agent.id }} className={styles.accent}>
            {agentsText.tasks}
          </Link>
        </div>
        <section className={styles.section} aria-labelledby="under-way">
          <h2 id="under-way">{agentsText.running}</h2>
          {tasks.length === 0 ? <p className={styles.quiet}>{agentsText.noneRunning}</p> : null}
          <ul className={styles.items}>
            {tasks.slice(0, RUNNING_SHOWN).map((task) => (
              <li key={task.id}>
                <span>
                  <TaskLine task={task} />
                </span>
                <span className={styles.quiet}>
                  <Ago at={task.lastWordAt ?? task.updatedAt} />
                </span>
              </li>
            ))}
          </ul>
          {tasks.length > RUNNING_SHOWN ? (
            <Link to="/board" search={{ agent: agent.id }} className={styles.accent}>
              {agentsText.allRunning(tasks.length)}
            </Link>
          ) : null}
        </section>
        <PolicySection agent={agent} />
        <Failures agentId={agent.id} />
      </div>
      {open === "edit" ? <EditAgent agent={agent} onClose={() => setOpen(null)} /> : null}
      {open === "rotate" ? <RotateSecret agent={agent} onClose={() => setOpen(null)} /> : null}
      {open === "remove" ? (
        <RemoveAgent agent={agent} onClose={() => setOpen(null)} onRemoved={onClose} />
      ) : null}
    </aside>
  );
}

/** Why its attempts failed lately, and the last task of each reason. */
function Failures({ agentId }: { agentId: string }) {
  const { data: reasons } = useFailureReasons(agentId);
  return (
    <section className={styles.section} aria-labelledby="failures">
      <h2 id="failures">{agentsText.failures}</h2>
      {reasons?.length === 0 ? <p className={styles.quiet}>{agentsText.noFailures}</p> : null}
      <ul className={styles.items}>
        {reasons?.slice(0, FAILURES_SHOWN).map(({ reason, count, taskId }) => (
          <li key={reason}>
            <p className={styles.bad}>
              <Foreign max={300}>{reason || agentsText.rareFailures}</Foreign>
            </p>
            {taskId ? <TaskLink taskId={taskId} /> : <span />}
            <span className={styles.quiet}>{agentsText.times(count)}</span>
          </li>
        ))}
      </ul>
    </section>
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
    <Dialog title={agentsText.removeTitle(agent.name)} description={agentsText.removeHint} onClose={onClose}>
      <DialogActions>
        <Button onClick={onClose}>{text.back}</Button>
        <Button kind="danger" onClick={() => void remove()}>
          {agentsText.remove}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
