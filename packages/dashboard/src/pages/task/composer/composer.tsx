import type { MessageMode, TaskView } from "@mission-control/protocol";
import { type FormEvent, type KeyboardEvent, useId, useState } from "react";
import { useAgents } from "../../../app/use-agents.ts";
import { useLive } from "../../../app/use-mission.ts";
import { runText } from "../../../text/run-text.ts";
import { Button } from "../../../ui/button.tsx";
import { Foreign } from "../../../ui/foreign.tsx";
import { AsksLine } from "./asks-line.tsx";
import styles from "./composer.module.css";
import { beginsAttempt, whyNotNow } from "./composer-rules.ts";
import { useOutbox } from "./use-outbox.ts";

const MODES: readonly MessageMode[] = ["steer", "next", "interrupt"];

/** Says something to the agent of a task. What was sent shows at once, and stays here until the log has it. */
export function Composer({ task }: { task: TaskView }) {
  const [typed, setTyped] = useState("");
  const [mode, setMode] = useState<MessageMode>("steer");
  const outbox = useOutbox(task.id);
  const id = useId();
  const live = useLive(({ tasks }) => tasks.get(task.id));
  const waitingFor = live ? live.waitingFor : task.waitingFor;
  const agent = useAgents().data?.find(({ id }) => id === task.agentId);
  const whyNot = whyNotNow(task, agent);
  const words = typed.trim();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (words === "" || whyNot) return;
    outbox.send(words, mode);
    setTyped("");
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.currentTarget.form?.requestSubmit();
  };
  return (
    <div className={styles.composer}>
      {waitingFor ? <AsksLine request={waitingFor} /> : null}
      {outbox.messages.map((message) => (
        <p key={message.key} className={styles.sent} role="status">
          <Foreign max={200}>{message.text}</Foreign>
          {message.error === undefined ? (
            <span className={styles.state}>{runText.message.state.sending}</span>
          ) : (
            <span className={styles.refused}>
              {runText.message.notSent(message.error)}
              <Button
                kind="quiet"
                onClick={() => {
                  outbox.drop(message.key);
                  setTyped((now) => (now.trim() === "" ? message.text : now));
                }}
              >
                {runText.message.takeBack}
              </Button>
            </span>
          )}
        </p>
      ))}
      <form onSubmit={submit} aria-label={runText.message.label}>
        <textarea
          rows={1}
          aria-label={runText.message.label}
          aria-describedby={whyNot ? `${id}-why` : undefined}
          placeholder={whyNot ?? runText.message.placeholder}
          disabled={whyNot !== null}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <div className={styles.tools}>
          <label>
            <span className="visually-hidden">{runText.message.when}</span>
            <select
              value={mode}
              disabled={whyNot !== null}
              onChange={(event) => setMode(event.target.value as MessageMode)}
            >
              {MODES.map((one) => (
                <option key={one} value={one}>
                  {runText.message.mode[one]}
                </option>
              ))}
            </select>
          </label>
          <span id={`${id}-why`} className={styles.hint}>
            {whyNot ?? (beginsAttempt(task, agent) ? runText.message.goesOn : runText.message.modeHint[mode])}
          </span>
          <Button submit kind="primary" icon="send" disabled={whyNot !== null || words === ""}>
            {runText.message.send}
          </Button>
        </div>
      </form>
    </div>
  );
}
