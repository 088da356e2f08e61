import { type FormEvent, useState } from "react";
import { basePath } from "../api/base-path.ts";
import { logIn } from "../api/session.ts";
import { text } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import styles from "./log-in.module.css";
import { useMission } from "./use-mission.ts";

/** The page of somebody without a session. */
export function LogIn({ notice, onDone }: { notice: string | null; onDone: () => void }) {
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <img src={`${basePath()}/favicon.svg`} alt="" width={36} height={36} />
        <h1>{text.logIn.title}</h1>
        {notice ? (
          <p className={styles.notice} role="alert">
            {notice}
          </p>
        ) : null}
        <LogInForm onDone={onDone} />
        <p className={styles.hint}>
          {text.logIn.hint} <code>mission-control login</code>
        </p>
      </div>
    </main>
  );
}

/** Trades the token for a session. */
export function LogInForm({ onDone }: { onDone: () => void }) {
  const { api } = useMission();
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setRefusal(null);
    try {
      await logIn(api, { token: token.trim() });
      setToken("");
      onDone();
    } catch (error) {
      setRefusal((error as Error).message);
    } finally {
      setBusy(false);
    }
  }
  return (
    <form className={styles.form} onSubmit={submit}>
      <Field label={text.logIn.token} error={refusal ?? undefined}>
        {(id, describedBy) => (
          <input
            id={id}
            aria-describedby={describedBy}
            type="password"
            autoComplete="current-password"
            value={token}
            onChange={(event) => setToken(event.target.value)}
            required
          />
        )}
      </Field>
      <Button kind="primary" submit disabled={busy || token.trim() === ""}>
        {busy ? text.logIn.busy : text.logIn.submit}
      </Button>
    </form>
  );
}
