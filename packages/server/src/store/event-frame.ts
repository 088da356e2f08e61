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

/** A frame in two pieces: between its position, which stands at the beginning and again in its data, and behind both. */
export type FramePieces = readonly [head: string, data: string];

/** The pieces of a frame that {@link encodeFrame} made. @param id its position there */
export function framePieces(id: number, frame: string): FramePieces {
  const { length } = String(id);
  const at = frame.indexOf(DATA) + DATA.length;
  return [frame.slice("id: ".length + length, at), frame.slice(at + length)];
}

/** The frame of these pieces at another position. */
export function placedFrame(id: number, [head, data]: FramePieces): string {
  return `id: ${id}${head}${id}${data}`;
}

/** Before the position in a frame's data. */
const DATA = '\ndata: {"id":';

/** The JSON of the event inside a frame that {@link encodeFrame} made: it stands on one line, behind the field's name. */
export function frameJson(frame: string): string {
  const start = frame.indexOf("\ndata: ") + "\ndata: ".length;
  return frame.slice(start).trimEnd();
}

/** The event inside a frame that {@link encodeFrame} made. */
export function decodeFrame(frame: string): LogEvent {
  return JSON.parse(frameJson(frame)) as LogEvent;
}
