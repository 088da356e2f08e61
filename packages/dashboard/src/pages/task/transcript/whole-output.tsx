import { runText } from "../../../text/run-text.ts";
import { formatSize } from "../../../text/size.ts";
import { Foreign } from "../../../ui/foreign.tsx";
import { DownloadButton } from "../changes/download-button.tsx";
import { useArtifacts } from "../changes/use-artifacts.ts";
import styles from "./transcript.module.css";

interface WholeOutputProps {
  taskId: string;
  /** Of the entry, whose attempt has handed it in. */
  dispatchId: string;
  name: string;
}

/** Where the whole of an output is that the entry has only the beginning and the end of. */
export function WholeOutput({ taskId, dispatchId, name }: WholeOutputProps) {
  const { data, isLoading } = useArtifacts(taskId);
  const artifact = data?.findLast((one) => one.name === name && one.dispatchId === dispatchId);
  if (!artifact) {
    return isLoading ? null : <p className={styles.quiet}>{runText.transcript.noWholeOutput}</p>;
  }
  return (
    <p className={styles.plainLine}>
      <span>
        {runText.transcript.wholeOutput} <Foreign max={200}>{name}</Foreign>{" "}
        <span className={styles.quiet}>{formatSize(artifact.size)}</span>
      </span>
      <DownloadButton taskId={taskId} artifact={artifact} />
    </p>
  );
}
