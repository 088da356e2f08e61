import type { LogEvent, TaskStatus } from "@mission-control/protocol";
import { plainLine } from "./plain-line.ts";
import { text } from "./text.ts";

/** What happened, in one line. Words of agents are passed on as they are. */
export function describeEvent(event: LogEvent): string {
  const { data, message } = event;
  switch (event.type) {
    case "status_change":
      return text.event.statusChange(statusName(data.from), statusName(data.to));
    case "task":
      return text.event.task(String(data.change), message ?? "");
    case "complete":
      return plainLine(message) || text.event.completed;
    case "activity":
      return firstLine(message) ?? text.event.progress;
    case "permission":
      return text.event.permission(String(data.state), message ?? "");
    case "dispatch":
      return data.reason === undefined || data.reason === message
        ? (message ?? String(data.state))
        : `${message}: ${data.reason}`;
    default:
      return message ?? text.eventType[event.type];
  }
}

function statusName(status: unknown): string {
  return text.status[status as TaskStatus] ?? String(status);
}

function firstLine(message: string | undefined): string | undefined {
  return message === undefined || message.trim() === "" ? undefined : message;
}
