import type { JsonObject, Usage } from "@mission-control/protocol";
import { addUsage } from "../../tasks/usage.ts";
import { asNumber, asObject, asObjects, asText } from "./frames.ts";
import type { GatewayConnection } from "./gateway-connection.ts";

/** What a run said last, in full, and what it used. Absent is what the gateway does not report. */
export interface RunResult {
  text?: string;
  usage?: Usage;
}

const HISTORY_MESSAGES = 1000;
/** The most `chat.history` gives of one text, in characters. */
const HISTORY_CHARACTERS = 500_000;

/** Reads the second answer to `agent`, which comes at the end of the run on the connection it was sent on. */
export function resultOfFinal({ result }: JsonObject): RunResult {
  const { payloads, meta } = asObject(result);
  const { usage, costUsd } = asObject(asObject(meta).agentMeta);
  const said = asObjects(payloads).filter((part) => part.isReasoning !== true && part.isError !== true);
  return resultOf(said, usageOf(asObject(usage), asNumber(costUsd)));
}

/**
 * Reads the same out of the conversation, where the connection was lost meanwhile.
 * @param runIds every id the run had: a gateway that restarts goes on under another one
 * @throws what {@link GatewayConnection.request} throws
 */
export async function readResult(
  connection: GatewayConnection,
  { sessionKey, runIds }: { sessionKey: string; runIds: ReadonlySet<string> },
  signal: AbortSignal,
): Promise<RunResult> {
  const params = { sessionKey, limit: HISTORY_MESSAGES, maxChars: HISTORY_CHARACTERS };
  const history = await connection.request("chat.history", params, { signal });
  const own = asObjects(history.messages).filter(
    (message) => message.role === "assistant" && runIds.has(asText(asObject(message.__openclaw).runId) ?? ""),
  );
  const last = own.map((message) => asObjects(message.content)).findLast((parts) => parts.some(isText));
  // Where older messages are left out, so is some of the usage.
  const usages = history.hasMore === true ? [] : own.map(({ usage }) => usageOf(asObject(usage)));
  return resultOf(last ?? [], sum(usages));
}

function resultOf(parts: JsonObject[], usage: Usage | undefined): RunResult {
  const text = parts
    .filter(isText)
    .map((part) => part.text)
    .join("\n\n");
  return { ...(text && { text }), ...(usage && { usage }) };
}

function isText(part: JsonObject): boolean {
  return asText(part.text) !== undefined;
}

/** What was read from a cache was read, too. A cost of nothing says only that the gateway knows no prices. */
function usageOf(usage: JsonObject, costUsd = asNumber(asObject(usage.cost).total)): Usage | undefined {
  const counts = [usage.input, usage.cacheRead, usage.cacheWrite].map(asNumber);
  const outputTokens = asNumber(usage.output);
  if (outputTokens === undefined && counts.every((count) => count === undefined)) return undefined;
  return {
    inputTokens: counts.reduce<number>((total, count) => total + (count ?? 0), 0),
    outputTokens: outputTokens ?? 0,
    ...(costUsd ? { cost: { amount: costUsd, currency: "USD" } } : {}),
  };
}

function sum(usages: (Usage | undefined)[]): Usage | undefined {
  return usages.reduce(addUsage, undefined);
}
