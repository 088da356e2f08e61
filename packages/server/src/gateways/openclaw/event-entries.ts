import { type Entry, type JsonObject, reportedEntrySchema } from "@mission-control/protocol";
import { asNumber, asObject, asObjects, asText } from "./frames.ts";

/*
 * What a gateway's `agent` events say of tool calls and plans, as parts of entries (protocol 4, as seen on openclaw
 * 2026.9.6). Fields that are missing there are missing here.
 */

/** An entry as the contract has it, its long texts shortened; undefined where the gateway's own words make none. */
export function asEntry(entry: JsonObject): Entry | undefined {
  return reportedEntrySchema.safeParse(entry).data;
}

/** A tool call's begin, of the `tool` stream: with its arguments. */
export function toolStartEntry(id: string, title: string, { name, args }: JsonObject): Entry | undefined {
  const input = Object.keys(asObject(args)).length > 0 ? { input: asObject(args) } : {};
  return asEntry({
    id,
    kind: "tool",
    name: asText(name) ?? null,
    title: title || null,
    ...input,
    state: "running",
  });
}

/** A tool call's end, of the `tool` stream. A command that exits with another code than 0 has failed. */
export function toolResultEntry(id: string, { isError, result }: JsonObject): Entry | undefined {
  const { content, details } = asObject(result);
  const { exitCode, durationMs } = asObject(details);
  const failed = isError === true || (asNumber(exitCode) ?? 0) !== 0;
  return asEntry({
    id,
    kind: "tool",
    output: contentText(content) || null,
    state: failed ? "failed" : "completed",
    exitCode: asNumber(exitCode) ?? null,
    durationMs: asNumber(durationMs) ?? null,
  });
}

/** A tool call's begin or end, of the `item` stream: all that a connection gets that did not start the run. */
export function toolItemEntry(id: string, { name, title, status }: JsonObject): Entry | undefined {
  return asEntry({
    id,
    kind: "tool",
    name: asText(name) ?? null,
    title: asText(title) ?? null,
    state: status ?? null,
  });
}

/** What a command wrote, of the `command_output` stream, at its end. */
export function commandOutputEntry(id: string, data: JsonObject): Entry | undefined {
  const { output, exitCode, durationMs } = data;
  return asEntry({
    id,
    kind: "tool",
    output: asText(output) ?? null,
    exitCode: asNumber(exitCode) ?? null,
    durationMs: asNumber(durationMs) ?? null,
  });
}

/** The agent's plan, of the `plan` stream: always the same entry. */
export function planEntry({ steps }: JsonObject): Entry | undefined {
  const planned = asObjects(steps).map(({ step, status }) => ({
    title: step ?? null,
    state: status ?? null,
  }));
  return planned.length > 0 ? asEntry({ id: "plan", kind: "plan", steps: planned }) : undefined;
}

/** The texts of a result's content, a line between them. */
export function contentText(content: unknown): string {
  return asObjects(content)
    .map((part) => asText(part.text) ?? "")
    .join("\n");
}
