import type { AgentView, GatewayAgent, GatewayView, TaskSummary } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { taskCalls } from "../../api/task-calls.ts";
import { useMission } from "../../app/use-mission.ts";
import { useTaskActions } from "../../tasks/use-task-actions.ts";
import { splitList } from "../../text/split-list.ts";
import { text } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import styles from "../../ui/table.module.css";
import { useGateways } from "../gateways/use-gateways.ts";
import { useAgentCalls } from "./use-agent-calls.ts";

/** Brings a new agent in: where it is, what it is called, and a first task to see that it works. */
export function AddAgent({ onClose }: { onClose(): void }) {
  const [created, setCreated] = useState<(AgentView & { secret?: string }) | null>(null);
  return created ? (
    <TryAgent agent={created} onClose={onClose} />
  ) : (
    <DescribeAgent onCreated={setCreated} onClose={onClose} />
  );
}

function DescribeAgent({ onCreated, onClose }: { onCreated(agent: AgentView): void; onClose(): void }) {
  const calls = useAgentCalls();
  const gateways = useGateways();
  const [kind, setKind] = useState<"http" | "openclaw">("http");
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
    <Dialog title={text.addAgent.title} onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <fieldset className={styles.choice}>
          <legend className="visually-hidden">{text.addAgent.where}</legend>
          <label>
            <input type="radio" name="kind" checked={kind === "http"} onChange={() => setKind("http")} />
            <strong>{text.addAgent.http}</strong>
            <span>{text.addAgent.httpHint}</span>
          </label>
          <label>
            <input
              type="radio"
              name="kind"
              checked={kind === "openclaw"}
              onChange={() => setKind("openclaw")}
            />
            <strong>{text.addAgent.openclaw}</strong>
            <span>{text.addAgent.openclawHint}</span>
          </label>
        </fieldset>
        {kind === "http" ? (
          <Field label={text.addAgent.url} hint={text.addAgent.urlHint}>
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
            {text.addAgent.noGateway}{" "}
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
        <Field label={text.agents.name}>
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
        <Field label={text.agents.capabilities} optional={text.taskForm.commas}>
          {(id) => (
            <input
              id={id}
              value={capabilities}
              placeholder="code, review"
              onChange={(event) => setCapabilities(event.target.value)}
            />
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
          <Button kind="primary" submit disabled={busy || (kind === "openclaw" && agentId === "")}>
            {text.addAgent.submit}
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
      <Field label={text.addAgent.gateway}>
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
        label={text.addAgent.found}
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
              {text.addAgent.choose}
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

function TryAgent({ agent, onClose }: { agent: AgentView & { secret?: string }; onClose(): void }) {
  const { api } = useMission();
  const actions = useTaskActions();
  const navigate = useNavigate();
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  // Whoever closes this while the task is made does not want to be taken to it.
  const open = useRef(false);
  useEffect(() => {
    open.current = true;
    return () => {
      open.current = false;
    };
  }, []);
  async function tryOut() {
    setBusy(true);
    setProblem(null);
    try {
      const task = await api.call<TaskSummary>(
        taskCalls.create({
          title: text.addAgent.testTitle(agent.name),
          description: text.addAgent.testDescription,
        }),
      );
      void actions.dispatch(task.id, agent.id);
      if (open.current) await navigate({ to: "/tasks/$taskId", params: { taskId: task.id } });
    } catch (error) {
      setProblem((error as Error).message);
      setBusy(false);
    }
  }
  return (
    <Dialog title={text.addAgent.added(agent.name)} onClose={onClose}>
      {agent.secret ? (
        <section className={styles.section}>
          <p className={styles.note}>{text.addAgent.secretOnce}</p>
          <CodeBlock label={text.addAgent.secret}>{agent.secret}</CodeBlock>
        </section>
      ) : null}
      <p className={styles.quiet}>{text.addAgent.testHint}</p>
      {problem ? (
        <p className={styles.bad} role="alert">
          {problem}
        </p>
      ) : null}
      <DialogActions>
        <Button onClick={onClose}>{text.addAgent.later}</Button>
        <Button kind="primary" icon="send" disabled={busy} onClick={() => void tryOut()}>
          {text.addAgent.test}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
