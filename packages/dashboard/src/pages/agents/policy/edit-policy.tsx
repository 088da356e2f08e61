import type { AgentView, PermissionPolicy } from "@mission-control/protocol";
import { type FormEvent, useState } from "react";
import { agentsText } from "../../../text/agents-text.ts";
import { text } from "../../../text/text.ts";
import { Button } from "../../../ui/button.tsx";
import { Dialog, DialogActions } from "../../../ui/dialog.tsx";
import { Field } from "../../../ui/field.tsx";
import styles from "../../../ui/table.module.css";
import { useAgentCalls } from "../use-agent-calls.ts";
import { asksAlways, readRules, tooWide } from "./rule-uses.ts";

const words = agentsText.policy;
const ALWAYS_ASK: PermissionPolicy = { allowTools: [], allowCommands: [], otherwise: "ask" };

/** Says which of an agent's questions are answered without anybody. */
export function EditPolicy({ agent, onClose }: { agent: AgentView; onClose(): void }) {
  const calls = useAgentCalls();
  const policy = agent.permissions ?? ALWAYS_ASK;
  const [byRules, setByRules] = useState(!asksAlways(policy));
  const [tools, setTools] = useState(policy.allowTools.join("\n"));
  const [commands, setCommands] = useState(policy.allowCommands.join("\n"));
  const [otherwise, setOtherwise] = useState<"ask" | "deny">(policy.otherwise);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const allowCommands = readRules(commands);
  const wide = byRules ? tooWide(allowCommands) : undefined;
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    const permissions = byRules ? { allowTools: readRules(tools), allowCommands, otherwise } : ALWAYS_ASK;
    const refused = await calls.edit(agent.id, { permissions });
    setBusy(false);
    if (refused) setProblem(refused);
    else onClose();
  }
  return (
    <Dialog title={words.editTitle(agent.name)} description={words.intro} onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <fieldset className={styles.choice}>
          <legend className="visually-hidden">{words.kind}</legend>
          <Choice
            name="by"
            checked={!byRules}
            onChoose={() => setByRules(false)}
            label={words.always}
            hint={words.alwaysHint}
          />
          <Choice
            name="by"
            checked={byRules}
            onChoose={() => setByRules(true)}
            label={words.rules}
            hint={words.rulesHint}
          />
        </fieldset>
        {byRules ? (
          <>
            <Lines label={words.tools} hint={words.toolsHint} value={tools} onChange={setTools} />
            <Lines
              label={words.commands}
              hint={words.commandsHint}
              warning={wide === undefined ? undefined : words.tooWide(wide)}
              value={commands}
              onChange={setCommands}
            />
            <fieldset className={styles.choice}>
              <legend>{words.otherwiseHint}</legend>
              <Choice
                name="otherwise"
                checked={otherwise === "ask"}
                onChoose={() => setOtherwise("ask")}
                label={words.askMe}
              />
              <Choice
                name="otherwise"
                checked={otherwise === "deny"}
                onChoose={() => setOtherwise("deny")}
                label={words.denyAll}
              />
            </fieldset>
          </>
        ) : null}
        {problem ? (
          <p className={styles.bad} role="alert">
            {problem}
          </p>
        ) : null}
        <DialogActions>
          <Button onClick={onClose}>{text.back}</Button>
          <Button kind="primary" submit disabled={busy}>
            {text.save}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

interface ChoiceProps {
  name: string;
  checked: boolean;
  onChoose(): void;
  label: string;
  hint?: string;
}

function Choice({ name, checked, onChoose, label, hint }: ChoiceProps) {
  return (
    <label>
      <input type="radio" name={name} checked={checked} onChange={onChoose} />
      <strong>{label}</strong>
      {hint ? <span>{hint}</span> : null}
    </label>
  );
}

interface LinesProps {
  label: string;
  hint: string;
  warning?: string | undefined;
  value: string;
  onChange(value: string): void;
}

function Lines({ label, hint, warning, value, onChange }: LinesProps) {
  return (
    <Field label={label} hint={hint} error={warning}>
      {(id, describedBy) => (
        <textarea
          id={id}
          aria-describedby={describedBy}
          rows={Math.min(8, Math.max(3, value.split("\n").length))}
          spellCheck={false}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
