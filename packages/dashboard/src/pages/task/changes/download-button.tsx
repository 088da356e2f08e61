import type { ArtifactView } from "@mission-control/protocol";
import { useState } from "react";
import type { ApiError } from "../../../api/api-error.ts";
import { useMission } from "../../../app/use-mission.ts";
import { runText } from "../../../text/run-text.ts";
import { visibleText } from "../../../text/visible.ts";
import { Button } from "../../../ui/button.tsx";
import { artifactPath } from "./use-artifacts.ts";

interface DownloadButtonProps {
  taskId: string;
  artifact: Pick<ArtifactView, "id" | "name">;
}

/** Saves an artifact as a file. A plain link could not: it would not send the half of the session that the page keeps. */
export function DownloadButton({ taskId, artifact }: DownloadButtonProps) {
  const mission = useMission();
  const [busy, setBusy] = useState(false);
  const download = async () => {
    setBusy(true);
    try {
      const response = await mission.api.request({ method: "GET", path: artifactPath(taskId, artifact) });
      // Whatever it is, the browser is to save it and not to open it.
      const bytes = new Blob([await response.arrayBuffer()], { type: "application/octet-stream" });
      save(bytes, visibleText(artifact.name));
    } catch (error) {
      const { message, requestId } = error as ApiError;
      mission.notices.error(message, requestId);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button kind="quiet" icon="download" disabled={busy} onClick={() => void download()}>
      {busy ? runText.changes.downloading : runText.changes.download}
    </Button>
  );
}

function save(bytes: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(bytes);
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
