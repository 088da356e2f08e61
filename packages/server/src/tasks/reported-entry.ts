import { type JsonObject, shortened } from "@mission-control/protocol";
import type { AgentReport } from "./artifact.ts";

/**
 * A callback with its entry where its event has it, in the data. An entry has been read, and what the sender's own data
 * has under that name has not: it goes.
 */
export function withEntryInData(said: AgentReport): AgentReport {
  const { entry, data } = said;
  if (entry) return { ...said, data: { ...data, entry: entry as JsonObject } };
  if (data?.entry === undefined) return said;
  const { entry: _, ...rest } = data;
  return { ...said, data: rest };
}

/** What an agent said last, as an entry of its transcript. */
export function lastWords(text: string): { entry?: JsonObject } {
  return text === "" ? {} : { entry: { kind: "message", role: "assistant", text: shortened(text) } };
}
