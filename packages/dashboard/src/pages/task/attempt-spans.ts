import type { DispatchView, LogEvent } from "@mission-control/protocol";

/** What an attempt's time went into. */
export type SpanKind = "queued" | "working" | "waiting";

/** A stretch of an attempt's time, in milliseconds since 1970. */
export interface Span {
  kind: SpanKind;
  from: number;
  to: number;
}

/**
 * Where an attempt's time went, in order and without gaps: it was queued until it was sent, then its agent worked, but for
 * the time it waited for a person's answer.
 * @param events the attempt's own, in log order
 * @param now the server's clock, where an attempt goes on
 */
export function attemptSpans(attempt: DispatchView, events: readonly LogEvent[], now: number): Span[] {
  const end = attempt.endedAt ? Date.parse(attempt.endedAt) : now;
  const sent = attempt.sentAt ? Date.parse(attempt.sentAt) : end;
  const spans: Span[] = [{ kind: "queued", from: Date.parse(attempt.queuedAt), to: sent }];
  const open = new Set<string>();
  let from = sent;
  const close = (kind: SpanKind, to: number) => {
    spans.push({ kind, from, to });
    from = to;
  };
  for (const { type, data, receivedAt } of events) {
    if (type !== "permission") continue;
    // The clock of the server may have been set meanwhile.
    const at = Math.max(from, Math.min(end, Date.parse(receivedAt)));
    if (data.state === "requested") {
      if (open.size === 0) close("working", at);
      open.add(requestOf(data));
    } else if (open.delete(requestOf(data)) && open.size === 0) close("waiting", at);
  }
  close(open.size > 0 ? "waiting" : "working", end);
  return spans.filter((span) => span.to > span.from);
}

/** How long all spans of a kind took together, in milliseconds. */
export function timeOf(spans: readonly Span[], kind: SpanKind): number {
  return spans.reduce((sum, span) => (span.kind === kind ? sum + span.to - span.from : sum), 0);
}

/** A long question keeps only its text; one at a time is the rule, so that it still finds its answer. */
function requestOf({ request, requestId }: LogEvent["data"]): string {
  return String(requestId ?? (request as { id?: string } | undefined)?.id ?? "");
}
