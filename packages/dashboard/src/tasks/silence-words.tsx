import type { Silence } from "@mission-control/protocol";
import { runText } from "../text/run-text.ts";
import { Foreign } from "../ui/foreign.tsx";
import { Badge } from "../ui/state.tsx";
import { Ago } from "../ui/time.tsx";

/** How the agent of a running attempt is missed, since when, and why where that is known. */
export function SilenceWords({ silence }: { silence: Silence }) {
  const { state, since, reason } = silence;
  return (
    <>
      <Badge tone={state === "offline" ? "bad" : "attention"}>{runText.silence.state[state]}</Badge>{" "}
      {reason ? <Foreign max={200}>{reason}</Foreign> : runText.silence.words[state]} <Ago at={since} />
    </>
  );
}
