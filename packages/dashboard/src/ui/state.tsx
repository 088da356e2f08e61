import type { DispatchState } from "@mission-control/protocol";
import { text } from "../text/text.ts";
import { type ShownState, StateGlyph } from "./icon.tsx";
import styles from "./state.module.css";

/** Which of the few tones a state has. */
const STATUS_TONE: Record<ShownState, Tone> = {
  pending: "idle",
  queued: "waiting",
  in_progress: "running",
  review: "attention",
  completed: "good",
  failed: "bad",
  cancelled: "idle",
  unknown: "attention",
};

export type Tone = "idle" | "waiting" | "running" | "attention" | "good" | "bad";

const DISPATCH_STATUS: Record<DispatchState, ShownState> = {
  queued: "queued",
  sending: "queued",
  accepted: "in_progress",
  running: "in_progress",
  unknown: "unknown",
  completed: "completed",
  failed: "failed",
  rejected: "failed",
  cancelled: "cancelled",
  lost: "failed",
};

/** The state of a task, in shape, colour and words. */
export function TaskState({ status, label }: { status: ShownState; label?: string | undefined }) {
  const word = status === "unknown" ? text.dispatchState.unknown : text.status[status];
  return (
    <span className={`${styles.state} ${styles[STATUS_TONE[status]]}`}>
      <StateGlyph status={status} />
      {label ?? word}
    </span>
  );
}

/** The state of an attempt. */
export function AttemptState({ state }: { state: DispatchState }) {
  return <TaskState status={DISPATCH_STATUS[state]} label={text.dispatchState[state]} />;
}

/** A word in one of the tones. */
export function Badge({ tone, children }: { tone: Tone; children: string }) {
  return <span className={`${styles.badge} ${styles[tone]}`}>{children}</span>;
}

/** How far something is, from 0 to 1. */
export function ProgressBar({ value, label }: { value: number; label: string }) {
  const percent = Math.round(Math.min(1, Math.max(0, value)) * 100);
  return (
    <progress
      className={styles.progress}
      max={100}
      value={percent}
      aria-label={label}
      title={`${percent} %`}
    />
  );
}
