import type { AttachedFile, LogEvent } from "@mission-control/protocol";
import { oneLine, sizeOf, visible } from "./output.ts";

/** Types of events that stand in a printed transcript beside the entries. */
export const MILESTONES = ["message", "permission", "complete", "error"] as const;

/**
 * An event that stands between the entries of a transcript, for people: what the operator wrote, what the agent asked,
 * how it ended. Undefined where it is none, or only a step of one: a message on its way.
 */
export function milestoneText({ type, data, message = "", timestamp }: LogEvent): string | undefined {
  const time = new Date(timestamp).toLocaleTimeString("en-GB");
  const line = (words: string) => `${time}  ${words}`;
  switch (type) {
    case "message":
      if (data.state === "sending") {
        return [line(`operator (${data.mode})`), indented(message), ...filesOf(data)].join("\n");
      }
      return data.state === "refused" ? line(`refused the message: ${oneLine(visible(message))}`) : undefined;
    case "permission":
      return line(`${data.state === "requested" ? "asks" : data.state}: ${oneLine(visible(message))}`);
    case "complete":
      return [line("completed"), ...(message ? [indented(message)] : [])].join("\n");
    case "error":
      return line(`failed: ${oneLine(visible(message))}`);
    default:
      return undefined;
  }
}

/** The files that went with a message, each on a line. */
function filesOf({ attachments }: LogEvent["data"]): string[] {
  const files = Array.isArray(attachments) ? (attachments as unknown as AttachedFile[]) : [];
  return files.map(({ name, size }) => `    with ${oneLine(visible(name))} (${sizeOf(size)})`);
}

/** Text of several lines as it stands below the line that it belongs to. */
export function indented(text: string): string {
  const lines = visible(text).trimEnd().split("\n");
  return lines.map((line) => (line === "" ? "" : `    ${line}`)).join("\n");
}
