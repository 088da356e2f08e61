import type { JsonObject, LogEvent } from "@mission-control/protocol";
import type { MessagePlace, ShownMessage } from "../../store/deliveries.ts";
import { noticeKindOf } from "../notice.ts";
import { objectIn, textIn } from "../service-call.ts";

/** How a permission request ends, by the `data.state` of its event. */
const SETTLED: ReadonlySet<unknown> = new Set(["answered", "withdrawn", "timed_out"]);
/** An attempt with a question goes on in these; in all others nobody waits for the answer any more. */
const GOES_ON: ReadonlySet<unknown> = new Set(["in_progress", "review"]);

/** Whether an event may be the end of something that people were asked for. */
export function mayEnd({ type, data }: Pick<LogEvent, "type" | "data">): boolean {
  return (type === "permission" && SETTLED.has(data.state)) || type === "status_change";
}

/** Whether an event is the end of what a message asks for. */
export function ends({ type, data, dispatchId }: LogEvent, shown: ShownMessage): boolean {
  if (shown.kind === "review") return type === "status_change" && data.from === "review";
  if (type === "status_change") return !GOES_ON.has(data.to);
  return dispatchId === shown.dispatchId && SETTLED.has(data.state) && requestIdOf(data) === shown.requestId;
}

/** The id of the permission request that an event is about; empty where it is about none. */
export function requestIdOf(data: JsonObject): string {
  return textIn(data, "requestId") || textIn(objectIn(data, "request"), "id");
}

/** What became of something that people were asked for, in words. */
export function endingWords({ type, message = "", data }: LogEvent): string {
  const by = textIn(data, "by");
  const who = by === "" ? "" : `, by ${by}`;
  if (type === "permission") {
    if (data.state === "answered") return `Answered${who}: ${message}`;
    return data.state === "timed_out" ? "Nobody answered in time." : "The agent does not ask any more.";
  }
  if (data.from === "review" && data.to === "completed") return `Approved${who}.`;
  if (data.from === "review" && data.to === "queued") return `Sent back${who}.`;
  return `The task is ${textIn(data, "to")} now.`;
}

/** What is kept of a message that waits for people; undefined for one that does not. */
export function shownOf(event: LogEvent, place: MessagePlace | undefined): ShownMessage | undefined {
  const kind = noticeKindOf(event);
  if (!place || (kind !== "question" && kind !== "review")) return undefined;
  const { dispatchId } = event;
  return {
    ...place,
    kind,
    ...(kind === "question" ? { requestId: requestIdOf(event.data) } : {}),
    ...(dispatchId === undefined ? {} : { dispatchId }),
  };
}
