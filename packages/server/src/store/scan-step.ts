import type { EventFilter } from "@mission-control/protocol";
import { behindGap } from "./log-gaps.ts";
import type { Gap, Stretch } from "./store.ts";

/** Ids one step of a replay looks at where no index finds the matching ones; bounds the time it takes. */
const SCANNED_IDS = 8192;

/**
 * How far one step of a replay looks at most. No index knows types or several agents: there a step looks at so many ids,
 * however few of them match.
 */
export function scanEnd(
  { after, upTo }: Pick<Stretch, "after" | "upTo">,
  { types, agentIds }: EventFilter,
  gaps: readonly Gap[],
): number {
  return types || agentIds ? Math.min(upTo, behindGap(after + SCANNED_IDS, gaps)) : upTo;
}
