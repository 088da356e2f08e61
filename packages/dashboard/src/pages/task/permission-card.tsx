import type { FormValues, PermissionRequest } from "@mission-control/protocol";
import { AnswerBy } from "../../tasks/answer-by.tsx";
import { QuestionForm } from "../../tasks/question-form.tsx";
import { text } from "../../text/text.ts";
import { toolWords } from "../../text/tool-words.ts";
import { CodeBlock } from "../../ui/code-block.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import styles from "./task.module.css";

/** Names the heading of the question on a task's page. */
export const QUESTION_ID = "asks";

interface PermissionCardProps {
  request: PermissionRequest;
  disabled: boolean;
  onAnswer: (optionId: string | undefined, values?: FormValues) => void;
}

/** What an agent asks: what it is about to do, the changes it would make, and what it can be answered with. */
export function PermissionCard({ request, disabled, onAnswer }: PermissionCardProps) {
  const { input } = toolWords(request.tool ?? {});
  return (
    <section className={styles.asks} aria-labelledby={QUESTION_ID}>
      <h2 id={QUESTION_ID}>{request.fields ? text.task.asksForm : text.task.asks}</h2>
      <p>
        <Foreign max={4_096}>{request.title}</Foreign>
      </p>
      {input === undefined || input === request.title ? null : <CodeBlock foreign>{input}</CodeBlock>}
      {request.diff ? (
        <CodeBlock label={text.task.diff} foreign>
          {request.diff}
        </CodeBlock>
      ) : null}
      <QuestionForm key={request.id} request={request} disabled={disabled} onAnswer={onAnswer} />
      {request.expiresAt ? (
        <p className={styles.quiet}>
          <AnswerBy at={request.expiresAt} />
        </p>
      ) : null}
    </section>
  );
}
