import type { EventType, NoticeKind, WebhookEndpointView, WebhookFormat } from "@mission-control/protocol";
import { type FormEvent, useState } from "react";
import { useAgents } from "../../app/use-agents.ts";
import { useMission } from "../../app/use-mission.ts";
import { text as common } from "../../text/text.ts";
import { webhooksText as text } from "../../text/webhooks-text.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import styles from "../../ui/table.module.css";
import { EVENT_TYPES } from "../activity/activity-search.ts";
import { AnswerFields, answersBody, canAnswer, NO_ANSWERS } from "./answer-fields.tsx";
import { Choices } from "./choices.tsx";
import { NO_RULES, RuleFields, rulesBody } from "./rule-fields.tsx";
import { Secret } from "./secret.tsx";
import { ENDPOINTS } from "./use-webhooks.ts";

const FORMATS = [
  "event",
  "cloudevents",
  "ntfy",
  "slack",
  "discord",
  "telegram",
  "email",
  "slack_app",
] as const satisfies readonly WebhookFormat[];

const NOTICES = [
  "question",
  "review",
  "failure",
  "silent",
  "complete",
] as const satisfies readonly NoticeKind[];

/** What an address looks like, where it is not any program's. */
const URL_HINTS: Partial<Record<WebhookFormat, string>> = {
  email: text.mailHint,
  slack_app: text.slackAppHint,
  telegram: text.telegramHint,
};

/** Adds an endpoint, and shows its secret. */
export function AddEndpoint({ onClose }: { onClose(): void }) {
  const [secret, setSecret] = useState<string | null>(null);
  if (secret !== null) return <Secret secret={secret} hint={text.secretHint} onClose={onClose} />;
  return (
    <Dialog title={text.add} description={text.formHint} onClose={onClose}>
      <EndpointForm onCreated={setSecret} onClose={onClose} />
    </Dialog>
  );
}

function EndpointForm({ onCreated, onClose }: { onCreated(secret: string): void; onClose(): void }) {
  const { api, queries } = useMission();
  const agents = useAgents();
  const [url, setUrl] = useState("");
  const [description, setDescription] = useState("");
  const [types, setTypes] = useState<readonly EventType[]>([]);
  const [notices, setNotices] = useState<readonly NoticeKind[]>([]);
  const [agentId, setAgentId] = useState("");
  const [tag, setTag] = useState("");
  const [format, setFormat] = useState<WebhookFormat>("event");
  const isForPeople = format !== "event" && format !== "cloudevents";
  const isMail = format === "email";
  const [rules, setRules] = useState(NO_RULES);
  const [answers, setAnswers] = useState(NO_ANSWERS);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setIsBusy(true);
    setProblem(null);
    const body = {
      url: url.trim(),
      format,
      ...(isForPeople || types.length === 0 ? {} : { types }),
      ...(isForPeople && notices.length > 0 ? { notices } : {}),
      ...(agentId === "" ? {} : { agentId }),
      ...(tag.trim() === "" ? {} : { tag: tag.trim() }),
      ...(description.trim() === "" ? {} : { description: description.trim() }),
      ...answersBody(format, answers),
      ...(isForPeople ? rulesBody(rules) : {}),
    };
    try {
      const call = { method: "POST", path: ENDPOINTS, body } as const;
      const { secret } = await api.call<WebhookEndpointView & { secret: string }>(call);
      void queries.invalidateQueries({ queryKey: ["webhooks"] });
      onCreated(secret);
    } catch (error) {
      setProblem((error as Error).message);
      setIsBusy(false);
    }
  }
  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)}>
      <Field label={text.url} hint={URL_HINTS[format] ?? text.urlHint} error={problem ?? undefined}>
        {(id, describedBy) => (
          <input
            id={id}
            aria-describedby={describedBy}
            required
            type="url"
            pattern={isMail ? "mailto:.+@.+" : "https?://.+"}
            placeholder={isMail ? "mailto:" : "https://"}
            value={url}
            onChange={(event) => setUrl(event.target.value)}
          />
        )}
      </Field>
      <Field label={text.description} optional={common.optional}>
        {(id) => (
          <input id={id} value={description} onChange={(event) => setDescription(event.target.value)} />
        )}
      </Field>
      <Field label={text.format}>
        {(id) => (
          <select id={id} value={format} onChange={(event) => setFormat(event.target.value as WebhookFormat)}>
            {FORMATS.map((one) => (
              <option key={one} value={one}>
                {text.formats[one]}
              </option>
            ))}
          </select>
        )}
      </Field>
      {canAnswer(format) ? <AnswerFields format={format} entries={answers} onChange={setAnswers} /> : null}
      {isForPeople ? (
        <>
          <Choices
            legend={text.notices}
            hint={text.noticesHint}
            options={NOTICES}
            labels={text.notice}
            chosen={notices}
            onChange={setNotices}
          />
          <RuleFields kinds={NOTICES} entries={rules} onChange={setRules} />
        </>
      ) : (
        <Choices
          legend={text.types}
          hint={text.typesHint}
          options={EVENT_TYPES}
          labels={common.eventType}
          chosen={types}
          onChange={setTypes}
        />
      )}
      <Field label={text.agent}>
        {(id) => (
          <select id={id} value={agentId} onChange={(event) => setAgentId(event.target.value)}>
            <option value="">{text.anyAgent}</option>
            {agents.data?.map((agent) => (
              <option key={agent.id} value={agent.id}>
                {agent.name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={text.tag} optional={common.optional}>
        {(id) => <input id={id} value={tag} onChange={(event) => setTag(event.target.value)} />}
      </Field>
      <DialogActions>
        <Button onClick={onClose}>{common.back}</Button>
        <Button kind="primary" submit disabled={isBusy}>
          {text.add}
        </Button>
      </DialogActions>
    </form>
  );
}
