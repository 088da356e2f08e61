import type { CreateWebhook, WebhookFormat } from "@mission-control/protocol";
import { text as common } from "../../text/text.ts";
import { webhooksText as text } from "../../text/webhooks-text.ts";
import { Field } from "../../ui/field.tsx";
import styles from "./webhooks.module.css";

/** What is filled in about answers, as it stands in the form. */
export interface AnswerEntries {
  isOn: boolean;
  users: string;
  botToken: string;
  appToken: string;
}

export const NO_ANSWERS: AnswerEntries = { isOn: false, users: "", botToken: "", appToken: "" };

/** Whether people can answer where a format shows them its messages. */
export function canAnswer(format: WebhookFormat): boolean {
  return format === "slack_app" || format === "telegram";
}

/** What a form comes to, for the call that adds an endpoint. */
export function answersBody(format: WebhookFormat, entries: AnswerEntries): Partial<CreateWebhook> {
  const { isOn, users, botToken, appToken } = entries;
  const ids = users.split(",").flatMap((id) => id.trim() || []);
  return {
    ...(canAnswer(format) && isOn ? { answers: ids.length > 0 ? { users: ids } : {} } : {}),
    ...(format === "slack_app" ? { botToken: botToken.trim() } : {}),
    ...(format === "slack_app" && appToken.trim() !== "" ? { appToken: appToken.trim() } : {}),
  };
}

interface AnswerFieldsProps {
  format: WebhookFormat;
  entries: AnswerEntries;
  onChange(entries: AnswerEntries): void;
}

/** The tokens of an app of Slack, and who may answer there. */
export function AnswerFields({ format, entries, onChange }: AnswerFieldsProps) {
  const isSlack = format === "slack_app";
  const entry = (field: "users" | "botToken" | "appToken", isNeeded: boolean, placeholder: string) => (
    <Field
      label={text.answerFields[field]}
      hint={text.answerHints[field]}
      optional={isNeeded ? undefined : common.optional}
    >
      {(id, describedBy) => (
        <input
          id={id}
          aria-describedby={describedBy}
          type={field === "users" ? "text" : "password"}
          autoComplete="off"
          required={isNeeded}
          placeholder={placeholder}
          value={entries[field]}
          onChange={(event) => onChange({ ...entries, [field]: event.target.value })}
        />
      )}
    </Field>
  );
  return (
    <>
      {isSlack ? entry("botToken", true, "xoxb-") : null}
      <label className={styles.choice}>
        <input
          type="checkbox"
          checked={entries.isOn}
          onChange={(event) => onChange({ ...entries, isOn: event.target.checked })}
        />
        {text.answers}
      </label>
      {isSlack && entries.isOn ? entry("appToken", true, "xapp-") : null}
      {entries.isOn ? entry("users", false, isSlack ? "U0123456789" : "123456789") : null}
    </>
  );
}
