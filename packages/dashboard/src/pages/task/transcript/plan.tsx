import type { TranscriptEntry } from "@mission-control/protocol";
import { runText } from "../../../text/run-text.ts";
import { Foreign } from "../../../ui/foreign.tsx";
import { StateGlyph } from "../../../ui/icon.tsx";
import styles from "./transcript.module.css";

type Steps = NonNullable<Extract<TranscriptEntry, { kind: "plan" }>["steps"]>;

const GLYPH = {
  pending: "pending",
  running: "in_progress",
  completed: "completed",
  failed: "failed",
} as const;

/** What the agent is going to do, as a list that it ticks off. */
export function Plan({ steps }: { steps: Steps }) {
  const done = steps.filter(({ state }) => state === "completed").length;
  return (
    <section className={styles.plan} aria-label={runText.transcript.plan}>
      <h3>
        {runText.transcript.plan} · {runText.transcript.planDone(done, steps.length)}
      </h3>
      <ol>
        {placed(steps).map(({ title, state, place }) => (
          <li key={place} data-state={state}>
            <StateGlyph status={GLYPH[state]} />
            <span className="visually-hidden">{runText.transcript.stepState[state]}: </span>
            <Foreign max={1_000}>{title}</Foreign>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** A step is known by its place: an agent sends its whole plan each time. */
function placed(steps: Steps) {
  return steps.map(({ title, state = "pending" }, place) => ({ title, state, place }));
}
