import type { JsonObject } from "@mission-control/protocol";

/** An answer of the gateway. A request that starts a run gets another one, with the same id, at the run's end. */
export interface ResponseFrame {
  type: "res";
  id: string;
  ok: boolean;
  payload: JsonObject;
  error?: JsonObject;
}

/** Something the gateway tells unasked. `seq` rises by one per event on a connection. */
export interface EventFrame {
  type: "event";
  event: string;
  payload: JsonObject;
  seq?: number;
}

/** Reads one WebSocket message; null when it is no frame this client knows (protocol 3–4). */
export function parseFrame(text: string): ResponseFrame | EventFrame | null {
  let frame: JsonObject;
  try {
    frame = asObject(JSON.parse(text));
  } catch {
    return null;
  }
  // Some methods answer with a bare list.
  const payload = Array.isArray(frame.payload) ? { items: frame.payload } : asObject(frame.payload);
  if (frame.type === "res" && typeof frame.id === "string") {
    const response: ResponseFrame = { type: "res", id: frame.id, ok: frame.ok === true, payload };
    if (frame.error) response.error = asObject(frame.error);
    return response;
  }
  if (frame.type === "event" && typeof frame.event === "string") {
    const event: EventFrame = { type: "event", event: frame.event, payload };
    if (typeof frame.seq === "number") event.seq = frame.seq;
    return event;
  }
  return null;
}

/** The value when it is an object, else an empty one: a gateway may leave out what it likes. */
export function asObject(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

export function asObjects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}

export function asText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
