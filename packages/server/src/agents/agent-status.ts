import type { LogEvent, NewEvent } from "@mission-control/protocol";
import type { Reachability } from "../gateways/gateway.ts";
import type { AgentRecord } from "../store/records.ts";
import { agentEvent } from "./agent-event.ts";

const NEVER_CALLED: Reachability = { status: "unknown", reason: "It has not been called yet." };
const STATUSES: readonly unknown[] = ["online", "offline", "unknown"] satisfies Reachability["status"][];

/** What there is to judge by whether an agent can be reached. */
export interface ReachabilityEvidence {
  /** What this node's adapter knows; null for nothing. */
  own: Reachability | null;
  /** What the log announced last, from whichever node; null while it never did. */
  announced: Reachability | null;
  /** When the agent last said something itself (ISO 8601); null when never. */
  lastSeenAt: string | null;
  /** Whether it did so after what was announced last, as they stand in the log. */
  hasSpokenSince: boolean;
  now: Date;
}

/**
 * Whether an agent can be reached: what its gateway knows or, of an agent without one, whichever node called it last;
 * unless the agent has said something itself since it was last not reached. A time that is still to come is of a clock
 * that was set back since, or of another node's: it does not tell what was later.
 */
export function reachabilityBy(evidence: ReachabilityEvidence): Reachability {
  const { own, announced, lastSeenAt, hasSpokenSince, now } = evidence;
  const isOlder = own?.at && announced?.at && own.at < announced.at && announced.at <= now;
  const known = (isOlder ? announced : (own ?? announced)) ?? NEVER_CALLED;
  if (known.status === "online" || !known.at || lastSeenAt === null) return known;
  const isHeard = known.at <= now ? Date.parse(lastSeenAt) > known.at.getTime() : hasSpokenSince;
  return isHeard ? { status: "online" } : known;
}

/** The event that announces whether an agent can be reached, read again by {@link announcedBy}. @param now ISO 8601 UTC */
export function statusEvent(
  record: AgentRecord,
  now: string,
  { status, reason, at }: Reachability,
): NewEvent {
  const data = { change: "status", status, ...(reason === undefined ? {} : { reason }) };
  const event = agentEvent(record, now, data);
  return at ? { ...event, timestamp: at.toISOString() } : event;
}

/** What an event announces of whether an agent can be reached; null for an event that does not. */
export function announcedBy({ data, timestamp }: Pick<LogEvent, "data" | "timestamp">): Reachability | null {
  const { change, status, reason } = data;
  if (change !== "status" || !STATUSES.includes(status)) return null;
  return {
    status: status as Reachability["status"],
    ...(typeof reason === "string" ? { reason } : {}),
    at: new Date(timestamp),
  };
}
