import { useMission } from "../app/use-mission.ts";
import { formatDuration } from "../text/duration.ts";
import { runText } from "../text/run-text.ts";
import { useNow } from "../ui/ticker.ts";
import { bothTimes } from "../ui/time.tsx";

/** How long a question still waits for its answer, ticking; by the server's clock, which ends it. */
export function AnswerBy({ at }: { at: string }) {
  const { clock } = useMission();
  const left = Date.parse(at) - (useNow() + (clock.estimate?.offset ?? 0));
  return (
    <time dateTime={at} title={bothTimes(at)}>
      {left > 0
        ? runText.question.within(formatDuration(Math.ceil(left / 1_000) * 1_000))
        : runText.question.over}
    </time>
  );
}
