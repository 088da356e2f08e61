import type { AgentView } from "@mission-control/protocol";
import { type FormEvent, useState } from "react";
import { agentsText } from "../../text/agents-text.ts";
import { splitList } from "../../text/split-list.ts";
import { text } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import styles from "../../ui/table.module.css";
import { AgentFields } from "./agent-fields.tsx";
import { useAgentCalls } from "./use-agent-calls.ts";

/** Changes what an agent is called, where it is reached, what it can do, and how much it takes at a time. */
export function EditAgent({ agent, onClose }: { agent: AgentView; onClose(): void }) {
  const calls = useAgentCalls();
  const shown = agent.endpoint.kind === "http" ? agent.endpoint.url : agent.endpoint.agentId;
  const [name, setName] = useState(agent.name);
  const [address, setAddress] = useState(shown);
  const [capabilities, setCapabilities] = useState(agent.capabilities.join(", "));
  const [concurrency, setConcurrency] = useState(String(agent.concurrency));
  const [problem, setProblem] = useState<string | null>(null);
  const { endpoint } = agent;
  async function submit(event: FormEvent) {
    event.preventDefault();
    const at = address.trim();
    const moved =
      at === shown
        ? {}
        : { endpoint: endpoint.kind === "http" ? { ...endpoint, url: at } : { ...endpoint, agentId: at } };
    const fields = {
      name,
      capabilities: splitList(capabilities),
      concurrency: Number(concurrency),
      ...moved,
    };
    const refused = await calls.edit(agent.id, fields);
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
              onChange={(event) => setName(event.target.value)}
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
              onChange={(event) => setAddress(event.target.value)}
            />
          )}
        </Field>
        <AgentFields
          capabilities={capabilities}
          onCapabilities={setCapabilities}
          concurrency={concurrency}
          onConcurrency={setConcurrency}
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
