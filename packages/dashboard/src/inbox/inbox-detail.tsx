import type { InboxItem } from "@mission-control/protocol";
import { useLive } from "../app/use-mission.ts";
import { AnswerBy } from "../tasks/answer-by.tsx";
import { QuestionForm } from "../tasks/question-form.tsx";
import { SilenceWords } from "../tasks/silence-words.tsx";
import { useTaskActions } from "../tasks/use-task-actions.ts";
import { parseDiff } from "../text/diff.ts";
import { inboxText } from "../text/inbox-text.ts";
import { plainLine } from "../text/plain-line.ts";
import { runText } from "../text/run-text.ts";
import { toolWords } from "../text/tool-words.ts";
import { CodeBlock } from "../ui/code-block.tsx";
import { DiffLines } from "../ui/diff-lines.tsx";
import { Foreign } from "../ui/foreign.tsx";
import { Markdown } from "../ui/markdown.tsx";
import styles from "./inbox.module.css";

/** Lines of a diff shown here; the task's page has all of it. */
const LINES = 40;

/** What a waiting thing is about: the command or the diff, the result, the reason, the silence. */
export function InboxDetail({ item }: { item: InboxItem }) {
  const { kind, task, request } = item;
  switch (kind) {
    case "question":
      return request ? <Asked task={task} request={request} /> : null;
    case "review":
      return (
        <div className={styles.summary}>
          {task.summary ? <Markdown>{task.summary}</Markdown> : <p>{inboxText.noSummary}</p>}
        </div>
      );
    case "failure":
      return (
        <div>
          <p className={styles.words}>
            <Foreign max={1_000}>{task.error ?? inboxText.noReason}</Foreign>
          </p>
          {task.lastState ? (
            <p className={styles.quiet}>
              {runText.transcript.lastState} <Foreign max={300}>{task.lastState}</Foreign>
            </p>
          ) : null}
        </div>
      );
    case "undelivered":
      return task.undelivered ? (
        <div>
          <p className={styles.words}>
            {inboxText.notGiven} <Foreign max={1_000}>{task.undelivered.title}</Foreign>
          </p>
          <p className={styles.quiet}>
            <Foreign max={400}>{task.undelivered.reason}</Foreign> {runText.question.notDelivered}
          </p>
        </div>
      ) : null;
    case "silent":
      return (
        <div>
          <p className={styles.words}>{task.silence ? <SilenceWords silence={task.silence} /> : null}</p>
          {task.message ? (
            <p className={styles.quiet}>
              {inboxText.lastWord} <Foreign max={300}>{plainLine(task.message) ?? ""}</Foreign>
            </p>
          ) : null}
        </div>
      );
  }
}

interface AskedProps {
  task: InboxItem["task"];
  request: NonNullable<InboxItem["request"]>;
}

function Asked({ task, request }: AskedProps) {
  const actions = useTaskActions();
  const pending = useLive((mission) => mission.pending.get(task.id));
  const files = request.diff ? parseDiff(request.diff) : [];
  const { input } = toolWords(request.tool ?? {});
  return (
    <div className={styles.about}>
      <p className={styles.words}>
        <Foreign max={1_000}>{request.title}</Foreign>
      </p>
      {input && input !== request.title ? <CodeBlock foreign>{input}</CodeBlock> : null}
      {files.map((file) => (
        <DiffLines key={file.place} file={file} shown={LINES} />
      ))}
      {request.diff && files.length === 0 ? <CodeBlock foreign>{request.diff}</CodeBlock> : null}
      {request.fields ? (
        <QuestionForm
          key={request.id}
          request={request}
          disabled={pending !== undefined}
          onAnswer={(optionId, values) => void actions.answer(task.id, request.id, optionId, values)}
        />
      ) : null}
      {request.expiresAt ? (
        <p className={styles.quiet}>
          <AnswerBy at={request.expiresAt} />
        </p>
      ) : null}
    </div>
  );
}
