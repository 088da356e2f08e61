import type { DeliveryTry } from "@mission-control/protocol";
import type { DeliveryRecord } from "../store/deliveries.ts";
import { waitAfter } from "./retry-schedule.ts";
import type { TryResult } from "./sender.ts";

/** Tries of a delivery that are kept. */
const TRIES = 10;

/** A delivery after a try: over, or waiting for the next one. */
export type Outcome =
  | { isOver: true; delivery: DeliveryRecord }
  | { isOver: false; delivery: DeliveryRecord & { nextTryAt: string } };

/**
 * What a try comes to for its delivery.
 * @param isCounted whether a failure uses up one of its tries: not one beside the schedule, nor while nothing gets through
 */
export function outcomeOf(
  delivery: DeliveryRecord,
  { made, isDelivered, isRefused, retryAfterMs }: TryResult,
  { now, isCounted }: { now: Date; isCounted: boolean },
): Outcome {
  const { nextTryAt, ...before } = delivery;
  const tried = {
    ...before,
    ...withTry(before, made),
    tryCount: before.tryCount + 1,
    updatedAt: now.toISOString(),
  };
  if (isDelivered) return { isOver: true, delivery: { ...tried, state: "delivered" } };
  const failures = before.failures + (isCounted ? 1 : 0);
  const wait = isRefused ? null : waitAfter(Math.max(1, failures), retryAfterMs);
  if (wait === null) return { isOver: true, delivery: { ...tried, failures, state: "failed" } };
  const isEarlier = !isCounted && nextTryAt !== undefined && Date.parse(nextTryAt) > now.getTime();
  const next = isEarlier ? nextTryAt : new Date(now.getTime() + wait).toISOString();
  return { isOver: false, delivery: { ...tried, failures, state: "waiting", nextTryAt: next } };
}

/** A delivery that cannot be sent any more. */
export function givenUp(
  { nextTryAt: _, ...before }: DeliveryRecord,
  error: string,
  now: Date,
): DeliveryRecord {
  const at = now.toISOString();
  return { ...before, ...withTry(before, { at, durationMs: 0, error }), updatedAt: at, state: "failed" };
}

function withTry({ tries }: Pick<DeliveryRecord, "tries">, made: DeliveryTry): Pick<DeliveryRecord, "tries"> {
  return { tries: [...tries, made].slice(-TRIES) };
}
