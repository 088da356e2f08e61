import type { CreatedAgent, GatewayAgent, GatewayView } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useMission } from "../../../app/use-mission.ts";
import { addAgentText, agentsText } from "../../../text/agents-text.ts";
import { splitList } from "../../../text/split-list.ts";
import { text } from "../../../text/text.ts";
import { Button } from "../../../ui/button.tsx";
import { Dialog, DialogActions } from "../../../ui/dialog.tsx";
import { Field } from "../../../ui/field.tsx";
import styles from "../../../ui/table.module.css";
import { useGateways } from "../../gateways/use-gateways.ts";
import { AgentFields } from "../agent-fields.tsx";
import { useAgentCalls } from "../use-agent-calls.ts";

interface DescribeAgentProps {
  kind: "http" | "openclaw";
  onCreated(agent: CreatedAgent): void;
  onBack(): void;
  onClose(): void;
}

/** What an HTTP agent or one behind a gateway is, and where it is reached. */
export function DescribeAgent({ kind, onCreated, onBack, onClose }: DescribeAgentProps) {
  const calls = useAgentCalls();
  const gateways = useGateways();
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [gatewayId, setGatewayId] = useState("");
  const [agentId, setAgentId] = useState("");
  const [capabilities, setCapabilities] = useState("");
  const [concurrency, setConcurrency] = useState("1");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const gateway = gatewayId || gateways.data?.[0]?.id || "";

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    const endpoint = kind === "http" ? { kind, url: url.trim() } : { kind, gatewayId: gateway, agentId };
    try {
      onCreated(
        await calls.create({
          name: name.trim(),
          capabilities: splitList(capabilities),
          concurrency: Number(concurrency),
          endpoint,
        }),
      );
    } catch (error) {
      setProblem((error as Error).message);
      setBusy(false);
    }
  }

  return (
    <Dialog title={addAgentText.kinds[kind].name} onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        {kind === "http" ? (
          <Field label={addAgentText.url} hint={addAgentText.urlHint}>
            {(id, describedBy) => (
              <input
                id={id}
                aria-describedby={describedBy}
                type="url"
                required
                placeholder="http://127.0.0.1:7000/dispatch"
                value={url}
                onChange={(event) => setUrl(event.target.value)}
              />
            )}
          </Field>
        ) : gateways.data?.length === 0 ? (
          <p className={styles.note}>
            {addAgentText.noGateway}{" "}
            <Link to="/gateways" search={{ add: true }} className={styles.accent}>
              {text.gateways.add}
            </Link>
          </p>
        ) : (
          <GatewayAgents
            gateways={gateways.data ?? []}
            gatewayId={gateway}
            agentId={agentId}
            onGateway={setGatewayId}
            onAgent={(agent) => {
              setAgentId(agent.id);
              if (name === "") setName(agent.name ?? agent.id);
            }}
          />
        )}
        <Field label={agentsText.name}>
          {(id) => (
            <input
              id={id}
              required
              maxLength={128}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <AgentFields
          capabilities={capabilities}
          onCapabilities={setCapabilities}
          example={agentsText.capabilitiesExample}
          concurrency={concurrency}
          onConcurrency={setConcurrency}
          problem={problem}
        />
        <DialogActions>
          <Button onClick={onBack}>{addAgentText.back}</Button>
          <Button kind="primary" submit disabled={busy || (kind === "openclaw" && agentId === "")}>
            {addAgentText.submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

interface GatewayAgentsProps {
  gateways: readonly GatewayView[];
  gatewayId: string;
  agentId: string;
  onGateway(id: string): void;
  onAgent(agent: GatewayAgent): void;
}

function GatewayAgents({ gateways, gatewayId, agentId, onGateway, onAgent }: GatewayAgentsProps) {
  const { api } = useMission();
  const found = useQuery({
    queryKey: ["gateway-agents", gatewayId],
    queryFn: async ({ signal }) =>
      (
        await api.get<{ items: GatewayAgent[] }>(
          `/api/gateways/${encodeURIComponent(gatewayId)}/agents`,
          signal,
        )
      ).items,
    enabled: gatewayId !== "",
    retry: false,
  });
  return (
    <>
      <Field label={addAgentText.gateway}>
        {(id) => (
          <select id={id} value={gatewayId} onChange={(event) => onGateway(event.target.value)}>
            {gateways.map((gateway) => (
              <option key={gateway.id} value={gateway.id}>
                {`${gateway.name} (${text.gatewayState[gateway.state]})`}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field
        label={addAgentText.found}
        hint={found.isLoading ? text.loading : undefined}
        error={found.error ? found.error.message : undefined}
      >
        {(id, describedBy) => (
          <select
            id={id}
            aria-describedby={describedBy}
            value={agentId}
            required
            onChange={(event) => {
              const agent = found.data?.find((one) => one.id === event.target.value);
              if (agent) onAgent(agent);
            }}
          >
            <option value="" disabled>
              {addAgentText.choose}
            </option>
            {found.data?.map((agent) => (
              <option key={agent.id} value={agent.id}>
                {agent.name && agent.name !== agent.id ? `${agent.name} (${agent.id})` : agent.id}
              </option>
            ))}
          </select>
        )}
      </Field>
    </>
  );
}
