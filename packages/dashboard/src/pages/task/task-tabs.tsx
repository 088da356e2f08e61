import type { TaskView } from "@mission-control/protocol";
import { Link, useSearch } from "@tanstack/react-router";
import { Suspense } from "react";
import { runText } from "../../text/run-text.ts";
import { lazyPart } from "../../ui/lazy-part.tsx";
import { Skeleton } from "../../ui/page-state.tsx";
import { TASK_TABS } from "./task-search.ts";
import styles from "./task-tabs.module.css";
import { Timeline } from "./timeline.tsx";

const Transcript = lazyPart(async () => (await import("./transcript/transcript.tsx")).default);
const Changes = lazyPart(async () => (await import("./changes/changes.tsx")).default);
const RawEvents = lazyPart(async () => (await import("./raw/raw-events.tsx")).default);

/** What happened in a task, told four ways; the address says which. */
export function TaskTabs({ task }: { task: TaskView }) {
  const { tab: shown = "transcript" } = useSearch({ strict: false });
  return (
    <div className={styles.tabs}>
      <nav className={styles.bar} aria-label={runText.tabs.label}>
        {TASK_TABS.map((tab) => (
          <Link
            key={tab}
            // Where it is: on the task's page, or beside the board.
            to="."
            search={({ entry: _, ...now }) => ({ ...now, tab })}
            resetScroll={false}
            aria-current={tab === shown ? "page" : undefined}
          >
            {runText.tabs[tab]}
          </Link>
        ))}
      </nav>
      <Suspense fallback={<Skeleton />}>
        {shown === "transcript" ? <Transcript task={task} /> : null}
        {shown === "changes" ? <Changes task={task} /> : null}
        {shown === "timeline" ? <Timeline taskId={task.id} attempts={task.attempts} /> : null}
        {shown === "raw" ? <RawEvents taskId={task.id} /> : null}
      </Suspense>
    </div>
  );
}
