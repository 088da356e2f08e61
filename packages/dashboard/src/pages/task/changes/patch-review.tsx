import type { ArtifactView, TaskView } from "@mission-control/protocol";
import { useId, useMemo, useState } from "react";
import { useLive } from "../../../app/use-mission.ts";
import { allowedActions } from "../../../tasks/actions.ts";
import { useTaskActions } from "../../../tasks/use-task-actions.ts";
import { type DiffLine, diffTotals, type FileDiff, parseDiff } from "../../../text/diff.ts";
import { runText } from "../../../text/run-text.ts";
import { text } from "../../../text/text.ts";
import { Button } from "../../../ui/button.tsx";
import { CodeBlock } from "../../../ui/code-block.tsx";
import { DiffLines, type LineNotes } from "../../../ui/diff-lines.tsx";
import { Foreign } from "../../../ui/foreign.tsx";
import { Totals } from "../../../ui/totals.tsx";
import styles from "./changes.module.css";
import { CommentForm } from "./comment-form.tsx";
import { FileTree } from "./file-tree-view.tsx";
import { feedbackOf, type LineComment, lineKey } from "./line-comments.ts";

interface PatchReviewProps {
  task: TaskView;
  artifact: ArtifactView;
  patch: string;
}

/** A patch by its files. While the task waits for review, lines take comments, which become the feedback. */
export function PatchReview({ task, artifact, patch }: PatchReviewProps) {
  const files = useMemo(() => parseDiff(patch), [patch]);
  const id = useId();
  const review = useReview();
  const mayComment =
    allowedActions(task.status).includes("reject") && artifact.dispatchId === task.dispatchId;
  if (files.length === 0) return <CodeBlock foreign>{patch}</CodeBlock>;
  return (
    <div className={styles.patch}>
      <p className={styles.facts}>
        {runText.changes.files(files.length)} <Totals {...diffTotals(files)} />
      </p>
      {files.length > 1 ? <FileTree files={files} hrefOf={(file) => `#${id}-${file.place}`} /> : null}
      {files.map((file) => (
        <section key={file.place} id={`${id}-${file.place}`} className={styles.fileDiff}>
          <FileTitle file={file} />
          <DiffLines file={file} {...(mayComment ? { notes: review.notesOf(file) } : {})} />
        </section>
      ))}
      {mayComment && review.comments.length > 0 ? <Feedback task={task} comments={review.comments} /> : null}
    </div>
  );
}

function FileTitle({ file }: { file: FileDiff }) {
  return (
    <h4 className={styles.fileTitle}>
      <code>
        <Foreign max={300}>{file.path || runText.diff.unnamed}</Foreign>
      </code>
      <span className={styles.quiet}>
        {runText.transcript.change[file.change]}
        {file.from ? `, ${runText.diff.renamedFrom(file.from)}` : ""}
      </span>
      <Totals added={file.added} removed={file.removed} />
    </h4>
  );
}

/** The comments of one review, and which line is being commented on. */
function useReview() {
  const [comments, setComments] = useState<readonly LineComment[]>([]);
  const [open, setOpen] = useState<string | null>(null);
  const notesOf = ({ path }: FileDiff): LineNotes => ({
    label: (line) => runText.changes.commentOn(line.after ?? line.before ?? 0),
    begin: (line) => setOpen(lineKey(path, line)),
    under: (line) => {
      const key = lineKey(path, line);
      const known = comments.find((comment) => lineKey(comment.path, comment.line) === key);
      if (open !== key && !known) return null;
      const others = () => comments.filter((comment) => comment !== known);
      return (
        <CommentForm
          text={known?.text}
          isOpen={open === key}
          onEdit={() => setOpen(key)}
          onClose={() => setOpen(null)}
          onSave={(words) => {
            setComments(words === "" ? others() : inOrder([...others(), { path, line, text: words }]));
            setOpen(null);
          }}
        />
      );
    },
  });
  return { comments, notesOf };
}

function inOrder(comments: LineComment[]): LineComment[] {
  const place = ({ line }: { line: DiffLine }) => line.after ?? line.before ?? 0;
  return comments.sort((one, other) => one.path.localeCompare(other.path) || place(one) - place(other));
}

/** Sends the comments, and what there is to say beside them, back to the agent. */
function Feedback({ task, comments }: { task: TaskView; comments: readonly LineComment[] }) {
  const actions = useTaskActions();
  const pending = useLive((mission) => mission.pending.get(task.id));
  const [general, setGeneral] = useState("");
  return (
    <form
      className={styles.feedback}
      aria-label={runText.changes.feedback}
      onSubmit={(event) => {
        event.preventDefault();
        void actions.reject(task.id, feedbackOf(general, comments));
      }}
    >
      <textarea
        rows={1}
        aria-label={runText.changes.general}
        placeholder={runText.changes.general}
        value={general}
        onChange={(event) => setGeneral(event.target.value)}
      />
      <span>{runText.changes.comments(comments.length)}</span>
      <Button submit kind="primary" disabled={pending !== undefined}>
        {text.action.reject}
      </Button>
    </form>
  );
}
