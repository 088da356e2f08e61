import type { LogEvent } from "@mission-control/protocol";
import { oneLine } from "./output.ts";

/**
 * An event as one line: local time, type, what it is about, and what is said.
 * @param subject what it is about; empty where every line is about the same
 */
export function eventLine(event: LogEvent, subject: string): string {
  const time = new Date(event.timestamp).toLocaleTimeString("en-GB");
  const progress = event.progress === undefined ? [] : [`${Math.round(event.progress * 100)}%`];
  const words = [time, event.type.padEnd(13), oneLine(subject), ...progress, oneLine(whatHappened(event))];
  return words
    .filter((word) => word !== "")
    .join("  ")
    .trimEnd();
}

function whatHappened({ type, data, message }: LogEvent): string {
  if (type === "status_change") return `${data.from} → ${data.to}`;
  // Their messages are the title and the name, which say what the event is about already.
  if (type === "task" || type === "agent") return String(data.status ?? data.change ?? message ?? "");
  // These name what they are about, and not what became of it.
  if ((type === "gateway" || type === "webhook" || type === "view") && typeof data.change === "string") {
    return `${String(data.state ?? data.change).replaceAll("_", " ")}: ${message}`;
  }
  if (message !== undefined) return message;
  if (typeof data.entry === "object") {
    // The end of a tool call, a thought, a plan: `transcript` has what they hold.
    const { kind, state } = data.entry as Partial<Record<string, string>>;
    return [kind, state].filter((word) => word !== undefined).join(" ");
  }
  return typeof data.state === "string" ? data.state : "";
}
