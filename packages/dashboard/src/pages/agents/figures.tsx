import { agentsText } from "../../text/agents-text.ts";
import { formatDuration } from "../../text/duration.ts";
import { text } from "../../text/text.ts";
import { formatCost } from "../../text/usage.ts";
import { type AgentFigures, successOf } from "./use-agent-figures.ts";

/** Undefined until what the server counted is here. */
interface FiguresProps {
  figures: AgentFigures | undefined;
}

/** What an agent told that it cost today, in each currency. */
export function Cost({ figures }: FiguresProps) {
  return figures?.today?.costs.map(formatCost).join(" · ") || text.none;
}

/** Share and count of the attempts that an agent completed. */
export function Rate({ figures }: FiguresProps) {
  const success = successOf(figures?.week);
  return success ? agentsText.rate(success.percent, success.attempts) : text.none;
}

/** How long half of what an agent completed took at most. */
export function Median({ figures }: FiguresProps) {
  const worked = figures?.week?.worked;
  return worked ? formatDuration(worked.median) : text.none;
}
