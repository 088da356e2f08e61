import type { MessageMode, TaskView } from "@mission-control/protocol";
import { useSearch } from "@tanstack/react-router";
import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { useAgents } from "../../../app/use-agents.ts";
import { useLive } from "../../../app/use-mission.ts";
import { runText } from "../../../text/run-text.ts";
import { Button, IconButton } from "../../../ui/button.tsx";
import { Foreign } from "../../../ui/foreign.tsx";
import { AsksLine } from "./asks-line.tsx";
import { AttachedFiles } from "./attached-files.tsx";
import styles from "./composer.module.css";
import { beginsAttempt, whyNoFiles, whyNotNow } from "./composer-rules.ts";
import { useAttached } from "./use-attached.ts";
import { useOutbox } from "./use-outbox.ts";

const MODES: readonly MessageMode[] = ["steer", "next", "interrupt"];

/** Says something to the agent of a task. What was sent shows at once, and stays here until the log has it. */
export function Composer({ task }: { task: TaskView }) {
  const [typed, setTyped] = useState("");
  const [mode, setMode] = useState<MessageMode>("steer");
  const { messages, outbox } = useOutbox(task.id);
  const id = useId();
  const live = useLive(({ tasks }) => tasks.get(task.id));
  const waitingFor = live ? live.waitingFor : task.waitingFor;
  const agent = useAgents().data?.find(({ id }) => id === task.agentId);
  const whyNot = whyNotNow(task, agent);
  const attached = useAttached(whyNot ?? whyNoFiles(agent));
  const chooser = useRef<HTMLInputElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const { say } = useSearch({ strict: false });
  useEffect(() => {
    if (say) field.current?.focus();
  }, [say]);
  const words = typed.trim();
  // What is written already stays, to be taken elsewhere.
  const isShut = whyNot !== null && typed === "" && attached.files.length === 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (words === "" || whyNot || attached.isReading) return;
    void outbox.send(words, mode, attached.files);
    setTyped("");
    attached.replace([]);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.currentTarget.form?.requestSubmit();
  };
  return (
    <div className={styles.composer}>
      {waitingFor ? <AsksLine request={waitingFor} /> : null}
      {messages.map((message) => (
        <p key={message.key} className={styles.sent} role="status">
          <Foreign max={200}>{message.text}</Foreign>
          {message.files.length === 0 ? null : <span>{runText.attach.count(message.files.length)}</span>}
          {message.error === undefined ? (
            <span className={styles.state}>{runText.message.state.sending}</span>
          ) : (
            <span className={styles.refused}>
              {runText.message.notSent(message.error)}
              <Button
                kind="quiet"
                onClick={() => {
                  outbox.drop(message.key);
                  if (typed.trim() !== "") return;
                  setTyped(message.text);
                  setMode(message.mode);
                  attached.replace(message.files);
                }}
              >
                {runText.message.takeBack}
              </Button>
            </span>
          )}
        </p>
      ))}
      {isShut ? (
        <p className={styles.hint}>{whyNot}</p>
      ) : (
        <form onSubmit={submit} aria-label={runText.message.label} {...attached.takes}>
          <AttachedFiles files={attached.files} onRemove={attached.remove} />
          {attached.trouble === null ? null : (
            <p role="alert" className={styles.refused}>
              {attached.trouble}
            </p>
          )}
          <textarea
            ref={field}
            rows={1}
            aria-label={runText.message.label}
            aria-describedby={whyNot ? `${id}-why` : undefined}
            placeholder={runText.message.placeholder}
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
              {whyNot ??
                (beginsAttempt(task, agent) ? runText.message.goesOn : runText.message.modeHint[mode])}
            </span>
            <input
              ref={chooser}
              type="file"
              multiple
              hidden
              onChange={({ target }) => {
                void attached.add([...(target.files ?? [])]);
                // The same file can be chosen again.
                target.value = "";
              }}
            />
            <IconButton
              icon="attach"
              label={whyNoFiles(agent) ?? runText.attach.button}
              disabled={whyNot !== null || whyNoFiles(agent) !== null}
              onClick={() => chooser.current?.click()}
            />
            <Button
              submit
              kind="primary"
              icon="send"
              disabled={whyNot !== null || words === "" || attached.isReading}
            >
              {runText.message.send}
            </Button>
          </div>
        </form>
      )}
    </div>
  );
}
