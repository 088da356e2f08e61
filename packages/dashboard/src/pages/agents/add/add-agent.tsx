import type { AgentView, CreatedAgent } from "@mission-control/protocol";
import { useState } from "react";
import { addAgentText } from "../../../text/agents-text.ts";
import { text } from "../../../text/text.ts";
import { Button } from "../../../ui/button.tsx";
import { Dialog, DialogActions } from "../../../ui/dialog.tsx";
import { Icon } from "../../../ui/icon.tsx";
import styles from "./add-agent.module.css";
import { DescribeAgent } from "./describe-agent.tsx";
import { RunAgent } from "./run-agent.tsx";
import type { RunnerKind } from "./setup.ts";
import { TryAgent } from "./try-agent.tsx";

const KINDS = ["claude", "codex", "opencode", "program", "openclaw", "http"] as const;
export type AgentKind = (typeof KINDS)[number];

interface AddAgentProps {
  /** What it is, where that was chosen already. */
  kind: AgentKind | null;
  onClose(): void;
}

/** Brings a new agent in: what it is, how it is connected, and a first task to see that it works. */
export function AddAgent({ kind: chosen, onClose }: AddAgentProps) {
  const [kind, setKind] = useState(chosen);
  const [added, setAdded] = useState<AgentView | CreatedAgent | null>(null);
  if (added) return <TryAgent agent={added} onClose={onClose} />;
  if (kind === null) {
    return (
      <Dialog title={addAgentText.title} description={addAgentText.what} onClose={onClose}>
        <KindChoice onChoose={setKind} />
        <DialogActions>
          <Button onClick={onClose}>{text.back}</Button>
        </DialogActions>
      </Dialog>
    );
  }
  const back = () => setKind(null);
  return kind === "http" || kind === "openclaw" ? (
    <DescribeAgent kind={kind} onCreated={setAdded} onBack={back} onClose={onClose} />
  ) : (
    <RunAgent kind={kind satisfies RunnerKind} onThere={setAdded} onBack={back} onClose={onClose} />
  );
}

/** What an agent may be, each with its way in. */
export function KindChoice({ onChoose }: { onChoose(kind: AgentKind): void }) {
  return (
    <ul className={styles.kinds}>
      {KINDS.map((kind) => (
        <li key={kind}>
          <button type="button" className={styles.kind} onClick={() => onChoose(kind)}>
            <strong>{addAgentText.kinds[kind].name}</strong>
            <span>{addAgentText.kinds[kind].hint}</span>
            <Icon name="chevron" size={14} />
          </button>
        </li>
      ))}
    </ul>
  );
}
