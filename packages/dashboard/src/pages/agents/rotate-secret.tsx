import type { AgentSecret, AgentView } from "@mission-control/protocol";
import { type FormEvent, useState } from "react";
import { useMission } from "../../app/use-mission.ts";
import { addAgentText, agentsText } from "../../text/agents-text.ts";
import { text } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import styles from "../../ui/table.module.css";
import { Moment } from "../../ui/time.tsx";

const words = agentsText.rotate;
const HOUR_SECONDS = 3_600;
/** How long the old secret signs too, in seconds. */
const OVERLAPS = {
  hour: HOUR_SECONDS,
  day: 24 * HOUR_SECONDS,
  week: 7 * 24 * HOUR_SECONDS,
  none: 0,
} as const;
type Overlap = keyof typeof OVERLAPS;

/** Gives an agent a new secret, and shows it this once. */
export function RotateSecret({ agent, onClose }: { agent: AgentView; onClose(): void }) {
  const { api, queries } = useMission();
  const [overlap, setOverlap] = useState<Overlap>("day");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [rotated, setRotated] = useState<AgentSecret | null>(null);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const path = `/api/agents/${encodeURIComponent(agent.id)}/rotate`;
      setRotated(await api.call({ method: "POST", path, body: { overlapSeconds: OVERLAPS[overlap] } }));
      await queries.invalidateQueries({ queryKey: ["agents"] });
    } catch (error) {
      setProblem((error as Error).message);
    }
    setBusy(false);
  }
  if (rotated) {
    return (
      <Dialog title={words.done(agent.name)} onClose={onClose}>
        <p className={styles.note}>{addAgentText.secretOnce}</p>
        <CodeBlock label={addAgentText.secret}>{rotated.secret}</CodeBlock>
        {rotated.previousSecretUntil ? (
          <p className={styles.quiet}>
            {words.until} <Moment at={rotated.previousSecretUntil} />
          </p>
        ) : null}
        <DialogActions>
          <Button kind="primary" onClick={onClose}>
            {text.done}
          </Button>
        </DialogActions>
      </Dialog>
    );
  }
  return (
    <Dialog title={words.title(agent.name)} description={words.hint} onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <Field label={words.overlap} hint={words.runner} error={problem ?? undefined}>
          {(id, describedBy) => (
            <select
              id={id}
              aria-describedby={describedBy}
              value={overlap}
              onChange={(event) => setOverlap(event.target.value as Overlap)}
            >
              {(Object.keys(OVERLAPS) as Overlap[]).map((one) => (
                <option key={one} value={one}>
                  {words.overlaps[one]}
                </option>
              ))}
            </select>
          )}
        </Field>
        <DialogActions>
          <Button onClick={onClose}>{text.back}</Button>
          <Button kind="primary" submit disabled={busy}>
            {words.submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
