import type { CreateWebhook, NoticeKind } from "@mission-control/protocol";
import { text as common } from "../../text/text.ts";
import { webhooksText as text } from "../../text/webhooks-text.ts";
import { Field } from "../../ui/field.tsx";
import { Choices } from "./choices.tsx";
import styles from "./webhooks.module.css";

/** When people are told, as it stands in the form; empty texts for what is not asked for. */
export interface RuleEntries {
  from: string;
  to: string;
  digestMinutes: string;
  passes: readonly NoticeKind[];
}

export const NO_RULES: RuleEntries = { from: "", to: "", digestMinutes: "", passes: [] };

/** What a form comes to, for the call that adds an endpoint. Times of day are by the clocks of whoever fills it in. */
export function rulesBody({ from, to, digestMinutes, passes }: RuleEntries): Partial<CreateWebhook> {
  const isQuiet = from !== "" && to !== "";
  const isHeld = isQuiet || digestMinutes !== "";
  return {
    ...(isQuiet ? { quiet: { from, to, timeZone: timeZone() } } : {}),
    ...(digestMinutes === "" ? {} : { digestMinutes: Number(digestMinutes) }),
    ...(isHeld && passes.length > 0 ? { passes: [...passes] } : {}),
  };
}

function timeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

interface RuleFieldsProps {
  kinds: readonly NoticeKind[];
  entries: RuleEntries;
  onChange(entries: RuleEntries): void;
}

/** Quiet hours, a digest, and what is told at once all the same. */
export function RuleFields({ kinds, entries, onChange }: RuleFieldsProps) {
  const { from, to, digestMinutes, passes } = entries;
  const time = (field: "from" | "to", isNeeded: boolean) => (
    <Field label={text.quiet[field]} optional={common.optional}>
      {(id) => (
        <input
          id={id}
          type="time"
          required={isNeeded}
          value={entries[field]}
          onChange={(event) => onChange({ ...entries, [field]: event.target.value })}
        />
      )}
    </Field>
  );
  return (
    <>
      <fieldset className={styles.times}>
        <legend>{text.quiet.title}</legend>
        {time("from", to !== "")}
        {time("to", from !== "")}
        <p>{text.quiet.hint(timeZone())}</p>
      </fieldset>
      <Field label={text.digest} hint={text.digestHint} optional={common.optional}>
        {(id, describedBy) => (
          <input
            id={id}
            aria-describedby={describedBy}
            type="number"
            min={1}
            max={1440}
            value={digestMinutes}
            onChange={(event) => onChange({ ...entries, digestMinutes: event.target.value })}
          />
        )}
      </Field>
      {(from !== "" && to !== "") || digestMinutes !== "" ? (
        <Choices
          legend={text.passes}
          hint={text.passesHint}
          options={kinds}
          labels={text.notice}
          chosen={passes}
          onChange={(chosen) => onChange({ ...entries, passes: chosen })}
        />
      ) : null}
    </>
  );
}
