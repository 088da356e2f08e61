import type { AgentView } from "@mission-control/protocol";
import { useEffect, useRef, useState } from "react";
import { basePath } from "../../../api/base-path.ts";
import { useAgents } from "../../../app/use-agents.ts";
import { addAgentText } from "../../../text/agents-text.ts";
import { text } from "../../../text/text.ts";
import { Button } from "../../../ui/button.tsx";
import { CodeBlock } from "../../../ui/code-block.tsx";
import { Dialog, DialogActions } from "../../../ui/dialog.tsx";
import { Field } from "../../../ui/field.tsx";
import styles from "../../../ui/table.module.css";
import own from "./add-agent.module.css";
import { hasArrived } from "./arrival.ts";
import { type RunnerKind, stepsOf } from "./setup.ts";

const LOOPBACK = /^(localhost|127\.|\[::1\]$)/;
const NAME = { claude: "claude", codex: "codex", opencode: "opencode", program: "my-agent" };

interface RunAgentProps {
  kind: RunnerKind;
  /** It registered itself. */
  onThere(agent: AgentView): void;
  onBack(): void;
  onClose(): void;
}

/** Shows the commands that connect a coding agent or a program, and waits until it is there. */
export function RunAgent({ kind, onThere, onBack, onClose }: RunAgentProps) {
  const [name, setName] = useState<string>(NAME[kind]);
  const [folder, setFolder] = useState("~/project");
  const [command, setCommand] = useState("");
  const [isElsewhere, setElsewhere] = useState(!LOOPBACK.test(location.hostname));
  const [address, setAddress] = useState("");
  const agents = useAgents();
  const before = useRef<readonly AgentView[] | null>(null);
  before.current ??= agents.data ?? null;
  const wanted = name.trim();
  const there = agents.data?.find((agent) => hasArrived(agent, wanted, before.current ?? []));
  useEffect(() => {
    if (there) onThere(there);
  }, [there, onThere]);
  const isWhole =
    wanted !== "" &&
    folder.trim() !== "" &&
    (kind !== "program" || command.trim() !== "") &&
    (!isElsewhere || address.trim() !== "");
  const steps = stepsOf({
    kind,
    name: wanted,
    folder: folder.trim(),
    command: command.trim(),
    elsewhere: isElsewhere ? { serverUrl: `${location.origin}${basePath()}`, address: address.trim() } : null,
  });
  const isTaken = before.current?.some((agent) => agent.name === wanted) ?? false;
  return (
    <Dialog title={addAgentText.kinds[kind].name} onClose={onClose}>
      <div className={styles.form}>
        <Words
          label={addAgentText.name}
          value={name}
          onChange={setName}
          hint={isTaken ? addAgentText.taken(wanted) : undefined}
        />
        {kind === "program" ? (
          <Words
            label={addAgentText.command}
            hint={addAgentText.commandHint}
            placeholder="python3 my_agent.py {prompt}"
            value={command}
            onChange={setCommand}
          />
        ) : null}
        <Words label={addAgentText.folder} value={folder} onChange={setFolder} />
        <label className={own.check}>
          <input
            type="checkbox"
            checked={isElsewhere}
            onChange={({ target }) => setElsewhere(target.checked)}
          />
          {addAgentText.elsewhere}
        </label>
        {isElsewhere ? (
          <Words
            label={addAgentText.address}
            hint={addAgentText.addressHint}
            placeholder="192.168.1.20"
            value={address}
            onChange={setAddress}
          />
        ) : null}
        {isWhole ? (
          <>
            <p>{addAgentText.steps}</p>
            <ol className={own.steps}>
              {steps.map((step) => (
                <li key={step.kind}>
                  <span className={styles.quiet}>{addAgentText[step.kind]}</span>
                  <CodeBlock>{step.command}</CodeBlock>
                </li>
              ))}
            </ol>
            <p className={own.waits} role="status">
              {addAgentText.waiting(wanted)}
            </p>
          </>
        ) : null}
        <DialogActions>
          <Button onClick={onBack}>{addAgentText.back}</Button>
          <Button onClick={onClose}>{text.close}</Button>
        </DialogActions>
      </div>
    </Dialog>
  );
}

interface WordsProps {
  label: string;
  hint?: string | undefined;
  placeholder?: string;
  value: string;
  onChange(value: string): void;
}

function Words({ label, hint, placeholder, value, onChange }: WordsProps) {
  return (
    <Field label={label} hint={hint}>
      {(id, describedBy) => (
        <input
          id={id}
          aria-describedby={describedBy}
          placeholder={placeholder}
          maxLength={2_000}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
