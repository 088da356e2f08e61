import type { WebhookFormat } from "@mission-control/protocol";
import { text as common } from "../../text/text.ts";
import { webhooksText as text } from "../../text/webhooks-text.ts";
import { Field } from "../../ui/field.tsx";
import type { AnswerEntries } from "./answer-entries.ts";
import styles from "./webhooks.module.css";

interface AnswerFieldsProps {
  format: WebhookFormat;
  entries: AnswerEntries;
  /** Whether the server has its tokens already: none given, it keeps them. */
  hasTokens: boolean;
  onChange(change: Partial<AnswerEntries>): void;
}

/** The tokens of an app of Slack, and who may answer there. */
export function AnswerFields({ format, entries, hasTokens, onChange }: AnswerFieldsProps) {
  const isSlack = format === "slack_app";
  const entry = (field: "users" | "botToken" | "appToken", placeholder: string) => {
    const isToken = field !== "users";
    const isNeeded = isToken && !hasTokens;
    return (
      <Field
        label={text.answerFields[field]}
        hint={isToken && hasTokens ? text.tokenKept : text.answerHints[field]}
        optional={isNeeded ? undefined : common.optional}
      >
        {(id, describedBy) => (
          <input
            id={id}
            aria-describedby={describedBy}
            type={isToken ? "password" : "text"}
            autoComplete="off"
            required={isNeeded}
            placeholder={placeholder}
            value={entries[field]}
            onChange={(event) => onChange({ [field]: event.target.value })}
          />
        )}
      </Field>
    );
  };
  return (
    <>
      {isSlack ? entry("botToken", "xoxb-") : null}
      <label className={styles.choice}>
        <input
          type="checkbox"
          checked={entries.takesAnswers}
          onChange={(event) => onChange({ takesAnswers: event.target.checked })}
        />
        {text.answers}
      </label>
      {isSlack && entries.takesAnswers ? entry("appToken", "xapp-") : null}
      {entries.takesAnswers ? entry("users", isSlack ? "U0123456789" : "123456789") : null}
    </>
  );
}
