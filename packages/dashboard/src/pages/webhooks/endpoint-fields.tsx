import type { WebhookFormat } from "@mission-control/protocol";
import { EVENT_TYPES, NOTICE_KINDS, WEBHOOK_FORMATS } from "@mission-control/protocol/kinds";
import { useAgents } from "../../app/use-agents.ts";
import { text as common } from "../../text/text.ts";
import { webhooksText as text } from "../../text/webhooks-text.ts";
import { Field } from "../../ui/field.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import { canAnswer } from "./answer-entries.ts";
import { AnswerFields } from "./answer-fields.tsx";
import { Choices } from "./choices.tsx";
import { type EndpointEntries, isForPeople, withFormat } from "./endpoint-entries.ts";
import { RuleFields } from "./rule-fields.tsx";

/** What an address looks like, where it is not any program's. */
const URL_HINTS: Partial<Record<WebhookFormat, string>> = {
  email: text.mailHint,
  slack_app: text.slackAppHint,
  telegram: text.telegramHint,
};

interface EndpointFieldsProps {
  entries: EndpointEntries;
  /** Whether the server has an app's tokens already. */
  hasTokens?: boolean;
  onChange(change: Partial<EndpointEntries>): void;
}

/** What an endpoint gets, when and where. */
export function EndpointFields({ entries, hasTokens = false, onChange }: EndpointFieldsProps) {
  const { url, description, types, notices, agentIds, tags, format } = entries;
  const isMail = format === "email";
  const people = isForPeople(format);
  return (
    <>
      <Field
        label={text.url}
        hint={url.includes("***") ? text.hiddenHint : (URL_HINTS[format] ?? text.urlHint)}
      >
        {(id, describedBy) => (
          <input
            id={id}
            aria-describedby={describedBy}
            required
            type="url"
            pattern={isMail ? "mailto:.+@.+" : "https?://.+"}
            placeholder={isMail ? "mailto:" : "https://"}
            value={url}
            onChange={(event) => onChange({ url: event.target.value })}
          />
        )}
      </Field>
      <Field label={text.description} optional={common.optional}>
        {(id) => (
          <input
            id={id}
            value={description}
            onChange={(event) => onChange({ description: event.target.value })}
          />
        )}
      </Field>
      <Field label={text.format}>
        {(id) => (
          <select
            id={id}
            value={format}
            onChange={(event) => onChange(withFormat(entries, event.target.value as WebhookFormat))}
          >
            {WEBHOOK_FORMATS.map((one) => (
              <option key={one} value={one}>
                {text.formats[one]}
              </option>
            ))}
          </select>
        )}
      </Field>
      {canAnswer(format) ? (
        <AnswerFields format={format} entries={entries} hasTokens={hasTokens} onChange={onChange} />
      ) : null}
      {people || notices.length > 0 ? (
        <Choices
          legend={text.notices}
          hint={people ? text.noticesHint : text.noticesOnlyHint}
          options={NOTICE_KINDS}
          labels={text.notice}
          chosen={notices}
          onChange={(chosen) => onChange({ notices: chosen })}
        />
      ) : null}
      {people ? <RuleFields entries={entries} onChange={onChange} /> : null}
      {!people || types.length > 0 ? (
        <Choices
          legend={text.types}
          hint={text.typesHint}
          options={EVENT_TYPES}
          labels={common.eventType}
          chosen={types}
          onChange={(chosen) => onChange({ types: chosen })}
        />
      ) : null}
      <AgentChoices chosen={agentIds} onChange={(chosen) => onChange({ agentIds: chosen })} />
      <Field label={text.tags} hint={text.tagsHint} optional={common.optional}>
        {(id, describedBy) => (
          <input
            id={id}
            aria-describedby={describedBy}
            value={tags}
            onChange={(event) => onChange({ tags: event.target.value })}
          />
        )}
      </Field>
    </>
  );
}

/** The agents whose events are wanted. Those that are chosen stand there also when there are no such agents any more. */
function AgentChoices({ chosen, onChange }: { chosen: readonly string[]; onChange(chosen: string[]): void }) {
  const agents = useAgents().data ?? [];
  const gone = chosen.filter((id) => !agents.some((agent) => agent.id === id));
  const all = [...agents, ...gone.map((id) => ({ id, name: id }))];
  if (all.length === 0) return null;
  const labels = all.map(({ id, name }) => [
    id,
    <Foreign key={id} max={64}>
      {name}
    </Foreign>,
  ]);
  return (
    <Choices
      legend={text.agents}
      hint={text.agentsHint}
      options={all.map(({ id }) => id)}
      labels={Object.fromEntries(labels)}
      chosen={chosen}
      onChange={onChange}
    />
  );
}
