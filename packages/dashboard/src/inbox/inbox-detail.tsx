import type { InboxItem } from "@mission-control/protocol";
import { parseDiff } from "../text/diff.ts";
import { inboxText } from "../text/inbox-text.ts";
import { runText } from "../text/run-text.ts";
import { toolWords } from "../text/tool-words.ts";
import { CodeBlock } from "../ui/code-block.tsx";
import { DiffLines } from "../ui/diff-lines.tsx";
import { Foreign } from "../ui/foreign.tsx";
import { Markdown } from "../ui/markdown.tsx";
import { Ago } from "../ui/time.tsx";
import styles from "./inbox.module.css";

/** Lines of a diff shown here; the task's page has all of it. */
const LINES = 40;

/** What a waiting thing is about: the command or the diff, the result, the reason, the silence. */
export function InboxDetail({ item }: { item: InboxItem }) {
  const { kind, task, request } = item;
  switch (kind) {
    case "question":
      return request ? <Asked request={request} /> : null;
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
    case "silent":
      return (
        <p className={styles.words}>
          {inboxText.silentFor} <Ago at={item.since} />
          {task.message ? (
            <>
              {": "}
              <Foreign max={300}>{task.message}</Foreign>
            </>
          ) : null}
        </p>
      );
  }
}

function Asked({ request }: { request: NonNullable<InboxItem["request"]> }) {
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
    </div>
  );
}
