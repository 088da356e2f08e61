import type { GatewayView } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useMission } from "../../app/use-mission.ts";
import { text } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Badge } from "../../ui/state.tsx";
import styles from "../../ui/table.module.css";
import { GATEWAY_TONE, Pairing } from "./gateways-page.tsx";
import { useGateways } from "./use-gateways.ts";

/** Connects a gateway, and shows how the connection goes: its state is the test. */
export function AddGateway({ onClose }: { onClose(): void }) {
  const [createdId, setCreatedId] = useState<string | null>(null);
  const gateways = useGateways();
  const created = gateways.data?.find(({ id }) => id === createdId);
  return created ? (
    <Dialog title={created.name} onClose={onClose}>
      <ConnectionTest gateway={created} />
      <DialogActions>
        {created.state === "connected" ? (
          <Link to="/agents" search={{ add: true }} className={styles.accent}>
            {text.agents.add}
          </Link>
        ) : null}
        <Button kind="primary" onClick={onClose}>
          {text.done}
        </Button>
      </DialogActions>
    </Dialog>
  ) : (
    <GatewayForm onCreated={setCreatedId} onClose={onClose} />
  );
}

function GatewayForm({ onCreated, onClose }: { onCreated(id: string): void; onClose(): void }) {
  const { api, queries } = useMission();
  const [url, setUrl] = useState("ws://127.0.0.1:18789");
  const [token, setToken] = useState("");
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const gateway = await api.call<GatewayView>({
        method: "POST",
        path: "/api/gateways",
        body: { url: url.trim(), ...(name.trim() ? { name: name.trim() } : {}), ...(token ? { token } : {}) },
      });
      await queries.invalidateQueries({ queryKey: ["gateways"] });
      onCreated(gateway.id);
    } catch (error) {
      setProblem((error as Error).message);
      setBusy(false);
    }
  }
  return (
    <Dialog title={text.gateways.add} description={text.gateways.formHint} onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <Field label={text.gateways.url} hint={text.gateways.urlHint} error={problem ?? undefined}>
          {(id, describedBy) => (
            <input
              id={id}
              aria-describedby={describedBy}
              required
              pattern="wss?://.+"
              value={url}
              onChange={(event) => setUrl(event.target.value)}
            />
          )}
        </Field>
        <Field label={text.gateways.token} optional={text.optional} hint={text.gateways.tokenHint}>
          {(id, describedBy) => (
            <input
              id={id}
              aria-describedby={describedBy}
              type="password"
              autoComplete="off"
              value={token}
              onChange={(event) => setToken(event.target.value)}
            />
          )}
        </Field>
        <Field label={text.gateways.name} optional={text.optional}>
          {(id) => <input id={id} value={name} onChange={(event) => setName(event.target.value)} />}
        </Field>
        <DialogActions>
          <Button onClick={onClose}>{text.back}</Button>
          <Button kind="primary" submit disabled={busy}>
            {text.gateways.connect}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function ConnectionTest({ gateway }: { gateway: GatewayView }) {
  return (
    <div className={styles.section} role="status">
      <p>
        <Badge tone={GATEWAY_TONE[gateway.state]}>{text.gatewayState[gateway.state]}</Badge>
      </p>
      <p>{text.gateways.test[gateway.state]}</p>
      {gateway.state === "pairing_required" ? <Pairing gateway={gateway} /> : null}
      {gateway.lastError && gateway.state !== "connected" ? (
        <p className={styles.bad}>{gateway.lastError}</p>
      ) : null}
      {gateway.state === "connected" ? (
        <p className={styles.quiet}>
          {text.gateways.connectedTo(gateway.version, gateway.protocol, gateway.latencyMs)}
        </p>
      ) : null}
    </div>
  );
}
