import { encodeSse, type LogEvent, type NewEvent } from "@mission-control/protocol";

/**
 * An event as the stream sends it (docs/contract.md, section 5), which is also how the log keeps it: replaying a stretch
 * of the log is joining text.
 * @param id its position in the log
 */
export function encodeFrame(id: number, event: NewEvent): string {
  // The event's JSON with its position before the other fields: nothing is copied for that.
  const data = `{"id":${id},${JSON.stringify(event).slice(1)}`;
  return encodeSse({ id, event: event.type, data });
}

/** The JSON of the event inside a frame that {@link encodeFrame} made: it stands on one line, behind the field's name. */
export function frameJson(frame: string): string {
  const start = frame.indexOf("\ndata: ") + "\ndata: ".length;
  return frame.slice(start).trimEnd();
}

/** The event inside a frame that {@link encodeFrame} made. */
export function decodeFrame(frame: string): LogEvent {
  return JSON.parse(frameJson(frame)) as LogEvent;
}
