import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, useState } from "react";
import { useAgents } from "../app/use-agents.ts";
import { text } from "../text/text.ts";
import { AgentStatusBadge } from "../ui/agent-status.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Foreign } from "../ui/foreign.tsx";
import { Empty, Failure, Skeleton } from "../ui/page-state.tsx";
import styles from "./agent-picker.module.css";
import { capabilityOffers, shareOut } from "./free-agents.ts";
import { offeredAgents } from "./offered-agents.ts";

interface AgentPickerProps {
  title: string;
  /** The agent to offer first: the one that had the task before. */
  preferred: string | null;
  /** How many tasks are to be given away; one, unless it says otherwise. */
  tasks?: number;
  /** @param agentIds who gets each of the tasks */
  onPick(agentIds: readonly string[]): void;
  onClose(): void;
}

/** Lets somebody choose the agent a task goes to, or what an agent has to be able to do. */
export function AgentPicker({ title, preferred, tasks = 1, onPick, onClose }: AgentPickerProps) {
  const agents = useAgents();
  const [filter, setFilter] = useState("");
  const offered = offeredAgents(agents.data ?? [], filter, preferred);
  const capable = capabilityOffers(agents.data ?? [], filter);
  const pick = (agentId: string) => onPick(Array.from({ length: tasks }, () => agentId));
  return (
    <Dialog title={title} onClose={onClose}>
      {agents.isLoading ? <Skeleton lines={3} /> : null}
      {agents.error ? <Failure error={agents.error} retry={() => void agents.refetch()} /> : null}
      {agents.data?.length === 0 ? (
        <Empty icon="agents" title={text.agents.none}>
          <Link to="/agents" search={{ add: true }} className={styles.link}>
            {text.agents.add}
          </Link>
        </Empty>
      ) : null}
      {agents.data?.length ? (
        // biome-ignore lint/a11y/noStaticElementInteractions: the arrow keys move between the controls inside
        <div className={styles.picker} onKeyDown={moveFocus}>
          <input
            type="search"
            className={styles.filter}
            aria-label={text.agents.filter}
            placeholder={text.agents.filter}
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || event.nativeEvent.isComposing || !offered[0]) return;
              event.preventDefault();
              pick(offered[0].id);
            }}
          />
          <ul>
            {offered.map((agent) => (
              <li key={agent.id}>
                <button type="button" className={styles.agent} onClick={() => pick(agent.id)}>
                  <span className={styles.name}>
                    <Foreign max={80}>{agent.name}</Foreign>
                    {agent.id === preferred ? <span className={styles.hint}>{text.agents.hadIt}</span> : null}
                  </span>
                  <AgentStatusBadge agent={agent} />
                  <span className={styles.hint}>
                    {text.agents.load(agent.running, agent.concurrency, agent.queued)}
                  </span>
                </button>
              </li>
            ))}
            {capable.map(({ capability, agents: able, free }) => (
              <li key={`can ${capability}`}>
                <button type="button" className={styles.agent} onClick={() => onPick(shareOut(able, tasks))}>
                  <span className={styles.name}>
                    <Foreign max={120}>{text.agents.anyFree(capability)}</Foreign>
                  </span>
                  <span className={styles.hint}>{text.agents.free(free)}</span>
                </button>
              </li>
            ))}
          </ul>
          {offered.length + capable.length === 0 ? (
            <p className={styles.hint}>{text.agents.noMatch}</p>
          ) : null}
        </div>
      ) : null}
    </Dialog>
  );
}

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>("input, button")];
  const next =
    stops[stops.indexOf(document.activeElement as HTMLElement) + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
