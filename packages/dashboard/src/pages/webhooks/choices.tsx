import type { ReactNode } from "react";
import styles from "../../ui/table.module.css";
import local from "./webhooks.module.css";

interface ChoicesProps<Option extends string> {
  legend: string;
  hint: string;
  options: readonly Option[];
  labels: Readonly<Record<Option, ReactNode>>;
  chosen: readonly Option[];
  onChange(chosen: Option[]): void;
}

/** Boxes to check, any number of them. */
export function Choices<Option extends string>(props: ChoicesProps<Option>) {
  const { legend, hint, options, labels, chosen, onChange } = props;
  return (
    <fieldset className={local.types}>
      <legend>{legend}</legend>
      {options.map((option) => (
        <label key={option}>
          <input
            type="checkbox"
            checked={chosen.includes(option)}
            onChange={(event) => {
              const others = chosen.filter((other) => other !== option);
              onChange(event.target.checked ? [...others, option] : others);
            }}
          />
          {labels[option]}
        </label>
      ))}
      <p className={styles.quiet}>{hint}</p>
    </fieldset>
  );
}
