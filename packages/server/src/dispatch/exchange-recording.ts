import type { ExchangeResult } from "@mission-control/protocol";
import type { ExchangeSink } from "../exchanges/exchange-log.ts";
import type { DispatchOutcome, GatewayAdapter } from "../gateways/gateway.ts";
import { newExchangeId } from "../store/exchanges.ts";

/** What an agent was asked by way of its gateway. */
export interface AskedAgent {
  what: "dispatch" | "cancel" | "answer" | "message";
  agentId: string;
  dispatchId: string;
  taskId: string;
}

/** What came of it. */
export interface ExchangeOutcome {
  result: ExchangeResult;
  reason?: string | undefined;
}

/** Of outcomes of a hand-over; null where nothing went out. */
export const RESULT_OF: Readonly<Record<DispatchOutcome["kind"], ExchangeResult | null>> = {
  accepted: "ok",
  rejected: "refused",
  unreachable: "failed",
  unknown: "unknown",
  lost: "failed",
  unsent: null,
};

/**
 * Does what asks an agent something, and records that it was asked and what came of it, where the adapter does not record
 * that by itself: a gateway's own protocol has no requests to show, but that something was sent, when and with what result is known.
 * @param exchangeOutcomeOf what a result comes to; null for nothing to record. A failure is recorded as such
 */
export async function recordingExchange<Result>(
  sink: ExchangeSink | undefined,
  adapter: Pick<GatewayAdapter, "recordsExchanges">,
  asked: AskedAgent,
  ask: () => Promise<Result>,
  exchangeOutcomeOf: (result: Result) => ExchangeOutcome | null,
): Promise<Result> {
  if (!sink || adapter.recordsExchanges) return ask();
  const at = new Date();
  const begun = performance.now();
  const record = ({ result, reason }: ExchangeOutcome) => {
    const durationMs = Math.round(performance.now() - begun);
    const over = new Date();
    const why = reason === undefined ? {} : { reason };
    sink.record({
      id: newExchangeId("request", over),
      direction: "dispatch",
      ...asked,
      at: over.toISOString(),
      result,
      durationMs,
      tryCount: 1,
      ...why,
      tries: [{ at: at.toISOString(), durationMs, ...(reason === undefined ? {} : { error: reason }) }],
    });
  };
  try {
    const result = await ask();
    const outcome = exchangeOutcomeOf(result);
    if (outcome) record(outcome);
    return result;
  } catch (error) {
    record({ result: "failed", reason: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}
