import type { AgentView, GatewayView, LogEvent, TaskStatus } from "@mission-control/protocol";
import { plainLine } from "./plain-line.ts";
import { text } from "./text.ts";

/** What happened, in one line. Words of agents are passed on as they are. */
export function describeEvent(event: LogEvent): string {
  const { data, message } = event;
  switch (event.type) {
    case "status_change":
      return text.event.statusChange(statusName(data.from), statusName(data.to));
    case "task":
      return text.event.task(String(data.change), message ?? "", fieldNames(data.fields));
    case "view":
      return text.event.thing(
        text.eventType.view,
        String(data.change),
        message ?? "",
        fieldNames(data.fields),
      );
    case "budget":
      return data.change === "reached"
        ? (message ?? text.eventType.budget)
        : text.event.thing(text.eventType.budget, String(data.change), message ?? "", []);
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
    case "agent":
      return agentChange(data) ?? message ?? text.eventType.agent;
    case "gateway":
      return gatewayChange(data, message ?? "") ?? message ?? text.eventType.gateway;
    case "webhook":
      return webhookChange(data, message ?? "") ?? message ?? text.eventType.webhook;
    default:
      return message ?? text.eventType[event.type];
  }
}

/** What changed about an agent; its name stands beside it. */
function agentChange({ change, fields, status, reason }: LogEvent["data"]): string | null {
  switch (change) {
    case "created":
      return text.event.added;
    case "deleted":
      return text.event.removed;
    case "edited":
      return text.event.edited(fieldNames(fields));
    case "status": {
      const word = text.agentStatus[status as AgentView["status"]] ?? String(status);
      return typeof reason === "string" ? `${word}: ${reason}` : word;
    }
    default:
      return null;
  }
}

/** What changed about a gateway, which its event names by itself, with the reason behind the name. */
function gatewayChange({ change, state }: LogEvent["data"], name: string): string | null {
  switch (change) {
    case "created":
      return `${text.event.added}: ${name}`;
    case "deleted":
      return `${text.event.removed}: ${name}`;
    case "state":
      return `${text.gatewayState[state as GatewayView["state"]] ?? state}: ${name}`;
    default:
      return null;
  }
}

/** What changed about an endpoint, which its event names by itself, and why where nobody asked for it. */
function webhookChange({ change, reason }: LogEvent["data"], name: string): string | null {
  const word = text.event.endpoint[change as keyof typeof text.event.endpoint];
  if (word === undefined) return null;
  return [word, name, ...(typeof reason === "string" ? [reason] : [])].join(": ");
}

/** The fields that were edited, by their names in words. */
function fieldNames(fields: unknown): string[] {
  if (!Array.isArray(fields)) return [];
  return fields.map((field) => text.event.field[field as keyof typeof text.event.field] ?? String(field));
}

function statusName(status: unknown): string {
  return text.status[status as TaskStatus] ?? String(status);
}

function firstLine(message: string | undefined): string | undefined {
  return message === undefined || message.trim() === "" ? undefined : message;
}
