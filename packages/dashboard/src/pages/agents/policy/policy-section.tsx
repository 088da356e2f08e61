import type { AgentView, LogEvent } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMission } from "../../../app/use-mission.ts";
import { agentsText } from "../../../text/agents-text.ts";
import { Button } from "../../../ui/button.tsx";
import { Foreign } from "../../../ui/foreign.tsx";
import styles from "../../../ui/table.module.css";
import { EditPolicy } from "./edit-policy.tsx";
import { asksAlways, countUses } from "./rule-uses.ts";

const words = agentsText.policy;
/** So many of an agent's latest questions and answers are counted. */
const COUNTED = 500;

/** What an agent's questions are answered with, and how often that was so. */
export function PolicySection({ agent }: { agent: AgentView }) {
  const [editing, setEditing] = useState(false);
  const { permissions } = agent;
  const isAsking = asksAlways(permissions);
  const uses = useUses(agent.id, !isAsking);
  const used = (count: number | undefined) => (uses ? words.uses(count ?? 0) : "");
  return (
    <section className={styles.section} aria-labelledby="permissions">
      <h2 id="permissions">{words.title}</h2>
      {isAsking || !permissions ? (
        <p className={styles.quiet}>{words.none}</p>
      ) : (
        <>
          <Rules
            title={words.tools}
            rules={permissions.allowTools}
            used={(rule) => used(uses?.tools.get(rule))}
          />
          <Rules
            title={words.commands}
            rules={permissions.allowCommands}
            used={(rule) => used(uses?.commands.get(rule))}
          />
          <dl className={styles.facts}>
            <div>
              <dt>{words.otherwise}</dt>
              <dd>
                {words[permissions.otherwise]}{" "}
                {permissions.otherwise === "deny" && uses ? (
                  <span className={styles.quiet}>{words.denied(uses.denied)}</span>
                ) : null}
              </dd>
            </div>
          </dl>
          {uses ? <p className={styles.quiet}>{words.usesOf}</p> : null}
        </>
      )}
      <div className={styles.actions}>
        <Button onClick={() => setEditing(true)}>{words.edit}</Button>
      </div>
      {editing ? <EditPolicy agent={agent} onClose={() => setEditing(false)} /> : null}
    </section>
  );
}

interface RulesProps {
  title: string;
  rules: readonly string[];
  used(rule: string): string;
}

function Rules({ title, rules, used }: RulesProps) {
  if (rules.length === 0) return null;
  return (
    <div>
      <h3>{title}</h3>
      <ul className={styles.items}>
        {rules.map((rule) => (
          <li key={rule}>
            <code>
              <Foreign max={1_024}>{rule}</Foreign>
            </code>
            <span className={styles.quiet}>{used(rule)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Counted when the panel opens; null until then. */
function useUses(agentId: string, enabled: boolean) {
  const { api } = useMission();
  const query = useQuery({
    queryKey: ["rule-uses", agentId],
    queryFn: async ({ signal }) => {
      const asked = new URLSearchParams({ agentId, types: "permission", limit: String(COUNTED) });
      const { items } = await api.get<{ items: LogEvent[] }>(`/api/events/history?${asked}`, signal);
      return countUses(items);
    },
    enabled,
  });
  return query.data ?? null;
}
