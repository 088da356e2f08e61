import type { AgentView } from "@mission-control/protocol";
import { type FormEvent, useState } from "react";
import { agentsText } from "../../text/agents-text.ts";
import { text } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import styles from "../../ui/table.module.css";
import { type AgentDraft, agentDraftOf, changedAgent } from "./agent-draft.ts";
import { AgentFields } from "./agent-fields.tsx";
import { useAgentCalls } from "./use-agent-calls.ts";

/** Changes what an agent is called, where it is reached, what it can do, and how much it takes at a time. */
export function EditAgent({ agent, onClose }: { agent: AgentView; onClose(): void }) {
  const calls = useAgentCalls();
  const [before] = useState(() => agentDraftOf(agent));
  const [draft, setDraft] = useState(before);
  const { name, address, capabilities, concurrency } = draft;
  const write = (written: Partial<AgentDraft>) => setDraft((now) => ({ ...now, ...written }));
  const [problem, setProblem] = useState<string | null>(null);
  const { endpoint } = agent;
  async function submit(event: FormEvent) {
    event.preventDefault();
    const changed = changedAgent(before, draft, endpoint);
    const refused = Object.keys(changed).length === 0 ? null : await calls.edit(agent.id, changed);
    if (refused) setProblem(refused);
    else onClose();
  }
  return (
    <Dialog title={agentsText.editTitle(agent.name)} onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <Field label={agentsText.name}>
          {(id) => (
            <input
              id={id}
              value={name}
              required
              maxLength={128}
              onChange={(event) => write({ name: event.target.value })}
            />
          )}
        </Field>
        <Field
          label={endpoint.kind === "http" ? agentsText.endpoint : agentsText.openclawAgent}
          hint={endpoint.kind === "http" ? agentsText.addressHint : undefined}
        >
          {(id, describedBy) => (
            <input
              id={id}
              aria-describedby={describedBy}
              type={endpoint.kind === "http" ? "url" : "text"}
              required
              value={address}
              onChange={(event) => write({ address: event.target.value })}
            />
          )}
        </Field>
        <AgentFields
          capabilities={capabilities}
          onCapabilities={(written) => write({ capabilities: written })}
          concurrency={concurrency}
          onConcurrency={(written) => write({ concurrency: written })}
          problem={problem}
        />
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
