import type { ArtifactView, TaskView } from "@mission-control/protocol";
import { useMemo } from "react";
import { runText } from "../../../text/run-text.ts";
import { visibleText } from "../../../text/visible.ts";
import { Markdown } from "../../../ui/markdown.tsx";
import { Failure, Skeleton } from "../../../ui/page-state.tsx";
import { TerminalBlock } from "../../../ui/terminal.tsx";
import { base64 } from "../base64.ts";
import { previewOf } from "./artifact.ts";
import styles from "./changes.module.css";
import { PatchReview } from "./patch-review.tsx";
import { useArtifactBytes } from "./use-artifacts.ts";

/** An artifact as it can be looked at safely: nothing of it is run, and nothing it names is fetched. */
export function ArtifactPreview({ task, artifact }: { task: TaskView; artifact: ArtifactView }) {
  const bytes = useArtifactBytes(task.id, artifact);
  if (bytes.error) return <Failure error={bytes.error} retry={() => void bytes.refetch()} />;
  if (!bytes.data) return <Skeleton lines={3} />;
  switch (previewOf(artifact)) {
    case "image":
      return <Picture artifact={artifact} bytes={bytes.data} />;
    case "diff":
      return <PatchReview task={task} artifact={artifact} patch={decoded(bytes.data)} />;
    case "text":
      return artifact.mediaType.startsWith("text/markdown") ? (
        <Markdown>{decoded(bytes.data)}</Markdown>
      ) : (
        <TerminalBlock label={artifact.name}>{decoded(bytes.data)}</TerminalBlock>
      );
    default:
      return null;
  }
}

function Picture({ artifact, bytes }: { artifact: ArtifactView; bytes: Uint8Array<ArrayBuffer> }) {
  // The page's policy allows pictures from the server and written out, and from nowhere else.
  const source = useMemo(() => `data:${artifact.mediaType};base64,${base64(bytes)}`, [artifact, bytes]);
  return (
    <img className={styles.picture} src={source} alt={runText.changes.picture(visibleText(artifact.name))} />
  );
}

function decoded(bytes: Uint8Array<ArrayBuffer>): string {
  return new TextDecoder().decode(bytes);
}
