import { NOTICE_KINDS } from "@mission-control/protocol/kinds";
import { text as common } from "../../text/text.ts";
import { webhooksText as text } from "../../text/webhooks-text.ts";
import { Field } from "../../ui/field.tsx";
import { Choices } from "./choices.tsx";
import { localTimeZone, type RuleEntries } from "./rule-entries.ts";
import styles from "./webhooks.module.css";

interface RuleFieldsProps {
  entries: RuleEntries;
  onChange(change: Partial<RuleEntries>): void;
}

/** Quiet hours, a digest, and what is told at once all the same. */
export function RuleFields({ entries, onChange }: RuleFieldsProps) {
  const { from, to, timeZone, digestMinutes, passes } = entries;
  const time = (field: "from" | "to", isNeeded: boolean) => (
    <Field label={text.quiet[field]} optional={common.optional}>
      {(id) => (
        <input
          id={id}
          type="time"
          required={isNeeded}
          value={entries[field]}
          onChange={(event) => onChange({ [field]: event.target.value })}
        />
      )}
    </Field>
  );
  const isQuiet = from !== "" && to !== "";
  return (
    <>
      <fieldset className={styles.times}>
        <legend>{text.quiet.title}</legend>
        {time("from", to !== "")}
        {time("to", from !== "")}
        {isQuiet ? (
          <Field label={text.quiet.timeZone}>
            {(id) => (
              <input
                id={id}
                placeholder={localTimeZone()}
                value={timeZone}
                onChange={(event) => onChange({ timeZone: event.target.value })}
              />
            )}
          </Field>
        ) : null}
        <p>{text.quiet.hint(timeZone.trim() || localTimeZone())}</p>
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
            onChange={(event) => onChange({ digestMinutes: event.target.value })}
          />
        )}
      </Field>
      {isQuiet || digestMinutes !== "" ? (
        <Choices
          legend={text.passes}
          hint={text.passesHint}
          options={NOTICE_KINDS}
          labels={text.notice}
          chosen={passes}
          onChange={(chosen) => onChange({ passes: chosen })}
        />
      ) : null}
    </>
  );
}
