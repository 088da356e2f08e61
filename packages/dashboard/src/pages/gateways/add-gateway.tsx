import type { GatewayTest, GatewayView } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import { useMission } from "../../app/use-mission.ts";
import { gatewaysText } from "../../text/gateways-text.ts";
import { text } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import { Badge } from "../../ui/state.tsx";
import styles from "../../ui/table.module.css";
import { GATEWAY_TONE, Pairing } from "./pairing.tsx";
import { useGateways } from "./use-gateways.ts";

/** Tries a gateway, connects it, and shows how the connection goes. */
export function AddGateway({ onClose }: { onClose(): void }) {
  const [createdId, setCreatedId] = useState<string | null>(null);
  const gateways = useGateways();
  const created = gateways.data?.find(({ id }) => id === createdId);
  return created ? (
    <Dialog title={created.name} onClose={onClose}>
      <Connection gateway={created} />
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
  const [busy, setBusy] = useState<"test" | "connect" | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [found, setFound] = useState<GatewayTest | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const send = <Answer,>(path: string) =>
    api.call<Answer>({
      method: "POST",
      path,
      body: { url: url.trim(), ...(name.trim() ? { name: name.trim() } : {}), ...(token ? { token } : {}) },
    });
  async function run(what: "test" | "connect", act: () => Promise<void>) {
    setBusy(what);
    setProblem(null);
    setFound(null);
    try {
      await act();
    } catch (error) {
      setProblem((error as Error).message);
    }
    setBusy(null);
  }
  const tryOut = () => {
    if (!form.current?.reportValidity()) return;
    void run("test", async () => setFound(await send<GatewayTest>("/api/gateways/test")));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run("connect", async () => {
      const gateway = await send<GatewayView>("/api/gateways");
      await queries.invalidateQueries({ queryKey: ["gateways"] });
      onCreated(gateway.id);
    });
  };
  return (
    <Dialog title={text.gateways.add} description={gatewaysText.formHint} onClose={onClose}>
      <form ref={form} className={styles.form} onSubmit={submit}>
        <Field label={gatewaysText.url} hint={gatewaysText.urlHint} error={problem ?? undefined}>
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
        <Field label={gatewaysText.token} optional={text.optional} hint={gatewaysText.tokenHint}>
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
        <Field label={gatewaysText.name} optional={text.optional}>
          {(id) => <input id={id} value={name} onChange={(event) => setName(event.target.value)} />}
        </Field>
        <div role="status">
          {busy === "test" ? <p className={styles.quiet}>{gatewaysText.trying}</p> : null}
          {found ? <Finding found={found} /> : null}
        </div>
        <DialogActions>
          <Button onClick={onClose}>{text.back}</Button>
          <Button disabled={busy !== null} onClick={tryOut}>
            {gatewaysText.tryOut}
          </Button>
          <Button kind="primary" submit disabled={busy !== null}>
            {gatewaysText.connect}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

/** What one try found: the agents there, or why not and what to do. */
function Finding({ found }: { found: GatewayTest }) {
  const { ok, state, error, deviceId, version, protocol, elapsedMs, agents } = found;
  return (
    <div className={styles.section}>
      <p>
        <Badge tone={GATEWAY_TONE[state]}>{text.gatewayState[state]}</Badge>
      </p>
      {ok ? (
        <>
          <p>{gatewaysText.foundIn(version, protocol, elapsedMs)}</p>
          <p className={styles.quiet}>
            {gatewaysText.agentsFound(agents.length)}{" "}
            <Foreign max={400}>{agents.map(({ id, name }) => name ?? id).join(", ")}</Foreign>
          </p>
        </>
      ) : (
        <p className={styles.bad}>
          <Foreign max={600}>{error ?? gatewaysText.nothingFound}</Foreign>
        </p>
      )}
      {state === "pairing_required" ? <Pairing deviceId={deviceId} error={error} /> : null}
    </div>
  );
}

/** How the connection of a gateway that was just added goes. */
function Connection({ gateway }: { gateway: GatewayView }) {
  const { state, lastError, deviceId, version, protocol, latencyMs } = gateway;
  return (
    <div className={styles.section} role="status">
      <p>
        <Badge tone={GATEWAY_TONE[state]}>{text.gatewayState[state]}</Badge>
      </p>
      <p>{gatewaysText.test[state]}</p>
      {lastError ? (
        <p className={styles.bad}>
          <Foreign max={600}>{lastError}</Foreign>
        </p>
      ) : null}
      {state === "pairing_required" ? <Pairing deviceId={deviceId} error={lastError} /> : null}
      {state === "connected" ? (
        <p className={styles.quiet}>{gatewaysText.connectedTo(version, protocol, latencyMs)}</p>
      ) : null}
    </div>
  );
}
