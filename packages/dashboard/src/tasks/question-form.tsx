import type { FormField, FormValues, PermissionRequest } from "@mission-control/protocol";
import { type FormEvent, useId, useState } from "react";
import { runText } from "../text/run-text.ts";
import { Button } from "../ui/button.tsx";
import { Foreign } from "../ui/foreign.tsx";
import { firstOption, isLasting, orderedOptions } from "./answer-order.ts";
import {
  emptyValues,
  isRefusal,
  missingFields,
  NOTHING_PICKED,
  pickedValue,
  sentValues,
  withOption,
  withOwnWords,
} from "./answer-values.ts";
import styles from "./question-form.module.css";

/** More options than this are a list to choose from, not buttons beside each other. */
const MOST_RADIOS = 6;

interface QuestionFormProps {
  request: PermissionRequest;
  disabled: boolean;
  onAnswer(optionId: string | undefined, values?: FormValues): void;
}

/** What a question can be answered with: its options, its form, or both. An option that says no needs no form. */
export function QuestionForm({ request, disabled, onAnswer }: QuestionFormProps) {
  const { fields = [] } = request;
  const options = orderedOptions(request);
  const first = firstOption(request);
  const hasLasting = options.some(isLasting);
  const id = useId();
  const [values, setValues] = useState(() => emptyValues(fields));
  const [missing, setMissing] = useState<readonly string[]>([]);
  const answer = (optionId: string | undefined) => {
    const unfilled = missingFields(fields, values);
    setMissing(unfilled);
    if (unfilled.length === 0) onAnswer(optionId, fields.length > 0 ? sentValues(values) : undefined);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const sent = first ?? options.find((option) => !isRefusal(option) && !isLasting(option));
    if (sent || options.length === 0) answer(sent?.optionId);
  };
  return (
    <form className={styles.form} aria-label={runText.question.label} onSubmit={submit}>
      {fields.map((field) => (
        <FieldInput
          key={field.name}
          field={field}
          value={values[field.name]}
          isMissing={missing.includes(field.name)}
          onChange={(value) => setValues((now) => ({ ...now, [field.name]: value }))}
        />
      ))}
      <div className={styles.options}>
        {options.map((option) => (
          <Button
            key={option.optionId}
            kind={
              isLasting(option)
                ? "quiet"
                : isRefusal(option)
                  ? "danger"
                  : option === first
                    ? "primary"
                    : "plain"
            }
            disabled={disabled}
            aria-describedby={isLasting(option) ? `${id}-lasting` : undefined}
            onClick={() => (isRefusal(option) ? onAnswer(option.optionId) : answer(option.optionId))}
          >
            <Foreign max={80}>{option.name}</Foreign>
          </Button>
        ))}
        {options.length === 0 ? (
          <Button submit kind="primary" disabled={disabled}>
            {runText.question.send}
          </Button>
        ) : null}
      </div>
      {hasLasting ? (
        <p id={`${id}-lasting`} className={styles.lasting}>
          {runText.question.lasting(request.tool?.name)}
        </p>
      ) : null}
    </form>
  );
}

interface FieldInputProps {
  field: FormField;
  value: FormValues[string] | undefined;
  isMissing: boolean;
  onChange(value: FormValues[string]): void;
}

function FieldInput({ field, value, isMissing, onChange }: FieldInputProps) {
  const { name, label = name, type, options = [], other = false, required = false } = field;
  const id = useId();
  const [picked, setPicked] = useState(NOTHING_PICKED);
  const pick = (now: typeof picked) => {
    setPicked(now);
    onChange(pickedValue(field, now));
  };
  const error = isMissing ? (
    <p id={`${id}-error`} className={styles.error} role="alert">
      {runText.question.required}
    </p>
  ) : null;
  const described = isMissing ? { "aria-describedby": `${id}-error`, "aria-invalid": true } : {};
  const words = (
    <>
      <Foreign max={1_000}>{label}</Foreign>
      {required ? null : <span className={styles.optional}> {runText.question.optional}</span>}
    </>
  );
  if (type === "boolean") {
    return (
      <label className={styles.check}>
        <input type="checkbox" checked={value === true} onChange={({ target }) => onChange(target.checked)} />
        <Foreign max={1_000}>{label}</Foreign>
      </label>
    );
  }
  if (type === "text" || (type === "choice" && !other && options.length > MOST_RADIOS)) {
    return (
      <div className={styles.field}>
        <label htmlFor={id}>{words}</label>
        {type === "text" ? (
          <textarea
            id={id}
            rows={1}
            value={String(value)}
            onChange={({ target }) => onChange(target.value)}
            {...described}
          />
        ) : (
          <select
            id={id}
            value={String(value)}
            onChange={({ target }) => onChange(target.value)}
            {...described}
          >
            <option value="">{runText.question.choose}</option>
            {options.map((option) => (
              <option key={option}>{option}</option>
            ))}
          </select>
        )}
        {error}
      </div>
    );
  }
  return (
    <fieldset className={styles.field} {...described}>
      <legend>{words}</legend>
      {options.map((option) => (
        <label key={option} className={styles.check}>
          <input
            type={type === "multi" ? "checkbox" : "radio"}
            name={id}
            checked={picked.chosen.includes(option)}
            onChange={({ target }) => pick(withOption(field, picked, option, target.checked))}
          />
          <Foreign max={400}>{option}</Foreign>
        </label>
      ))}
      {other ? (
        <input
          type="text"
          aria-label={runText.question.other}
          placeholder={runText.question.other}
          value={picked.own}
          onChange={({ target }) => pick(withOwnWords(field, picked, target.value))}
        />
      ) : null}
      {error}
    </fieldset>
  );
}
