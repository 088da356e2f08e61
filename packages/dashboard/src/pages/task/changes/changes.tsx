import type { ArtifactView, TaskView } from "@mission-control/protocol";
import { useState } from "react";
import { runText } from "../../../text/run-text.ts";
import { formatSize } from "../../../text/size.ts";
import { Button } from "../../../ui/button.tsx";
import { Foreign } from "../../../ui/foreign.tsx";
import { Empty, Failure, Skeleton } from "../../../ui/page-state.tsx";
import { Moment } from "../../../ui/time.tsx";
import { latestArtifacts, previewOf } from "./artifact.ts";
import { ArtifactPreview } from "./artifact-preview.tsx";
import styles from "./changes.module.css";
import { DownloadButton } from "./download-button.tsx";
import { useArtifacts } from "./use-artifacts.ts";

/** What came back from the agent: every artifact, the newest patch open. */
export default function Changes({ task }: { task: TaskView }) {
  const query = useArtifacts(task.id);
  const artifacts = latestArtifacts(query.data ?? []);
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  if (artifacts.length === 0) {
    if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
    if (query.isLoading) return <Skeleton />;
    return (
      <Empty icon="board" title={runText.changes.none}>
        <p>{runText.changes.noneHint}</p>
      </Empty>
    );
  }
  const newestPatch = artifacts.find((artifact) => previewOf(artifact) === "diff")?.id;
  const toggle = (id: string) =>
    setToggled((now) => {
      const next = new Set(now);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  return (
    <section aria-label={runText.changes.label}>
      <ol className={styles.artifacts}>
        {artifacts.map((artifact) => {
          const open = toggled.has(artifact.id) !== (artifact.id === newestPatch);
          return (
            <li key={artifact.id} className={styles.artifact}>
              <ArtifactLine
                task={task}
                artifact={artifact}
                open={open}
                onToggle={() => toggle(artifact.id)}
              />
              {open ? <ArtifactPreview task={task} artifact={artifact} /> : null}
            </li>
          );
        })}
      </ol>
    </section>
  );
}

interface ArtifactLineProps {
  task: TaskView;
  artifact: ArtifactView;
  open: boolean;
  onToggle(): void;
}

function ArtifactLine({ task, artifact, open, onToggle }: ArtifactLineProps) {
  const attempt = task.attempts.find(({ id }) => id === artifact.dispatchId)?.attempt;
  const canShow = previewOf(artifact) !== null;
  return (
    <header className={styles.line}>
      <h3 className={styles.name}>
        <Foreign max={200}>{artifact.name}</Foreign>
      </h3>
      <span className={styles.facts}>
        <span>{formatSize(artifact.size)}</span>
        {attempt === undefined ? null : <span>{runText.transcript.attempt(attempt)}</span>}
        <Moment at={artifact.createdAt} />
      </span>
      {canShow ? (
        <Button kind="quiet" aria-expanded={open} onClick={onToggle}>
          {open ? runText.changes.hide : runText.changes.show}
        </Button>
      ) : null}
      <DownloadButton taskId={task.id} artifact={artifact} />
    </header>
  );
}
