import { agentsText } from "../../text/agents-text.ts";
import { text } from "../../text/text.ts";
import { Field } from "../../ui/field.tsx";

interface AgentFieldsProps {
  capabilities: string;
  onCapabilities(capabilities: string): void;
  /** What may stand in the empty field of capabilities. */
  example?: string;
  concurrency: string;
  onConcurrency(concurrency: string): void;
  /** Why the form was refused; null for nothing. */
  problem: string | null;
}

/** The fields of a form about an agent that say what it can do, and how much it takes at a time. */
export function AgentFields(props: AgentFieldsProps) {
  const { capabilities, onCapabilities, example, concurrency, onConcurrency, problem } = props;
  return (
    <>
      <Field label={agentsText.capabilities} optional={text.taskForm.commas}>
        {(id) => (
          <input
            id={id}
            value={capabilities}
            placeholder={example}
            onChange={(event) => onCapabilities(event.target.value)}
          />
        )}
      </Field>
      <Field label={agentsText.concurrency} hint={agentsText.concurrencyHint} error={problem ?? undefined}>
        {(id, describedBy) => (
          <input
            id={id}
            aria-describedby={describedBy}
            type="number"
            min={1}
            max={1000}
            required
            value={concurrency}
            onChange={(event) => onConcurrency(event.target.value)}
          />
        )}
      </Field>
    </>
  );
}
