import type { LogEvent } from "@mission-control/protocol";

/** Characters of a message kept in memory; the whole is read from the server when somebody opens the event. */
export const HELD_MESSAGE_LENGTH = 400;
/** Events with more data than this keep none of it. */
const HELD_DATA_LENGTH = 1_000;

/** An event as the page holds it: bounded, so that 100,000 of them fit. */
export interface HeldEvent extends LogEvent {
  /** That something was left out. Absent where all is there: what was not in the JSON would cost every event a place. */
  clipped?: true;
}

/** Cuts an event to what a row can show. */
export function hold(event: LogEvent): HeldEvent {
  const longMessage = event.message !== undefined && event.message.length > HELD_MESSAGE_LENGTH;
  const longState = event.lastState !== undefined && event.lastState.length > HELD_MESSAGE_LENGTH;
  const bigData = isBig(event.data);
  if (!longMessage && !longState && !bigData) return event;
  const held: HeldEvent = { ...event, clipped: true };
  if (longMessage) held.message = cut(event.message ?? "");
  if (longState) held.lastState = cut(event.lastState ?? "");
  if (bigData) held.data = smallFields(event.data);
  return held;
}

/** A slice of a longer string would keep the whole string alive; joining makes a new one. */
function cut(text: string): string {
  return Array.from(text.slice(0, HELD_MESSAGE_LENGTH)).join("");
}

function isBig(data: LogEvent["data"]): boolean {
  return roomLeft(data, HELD_DATA_LENGTH) < 0;
}

/**
 * What is left of some room for characters behind a value; negative where it does not fit. Looks no further than that: to
 * write each of a thousand entries a second as JSON would cost more than to show them.
 */
function roomLeft(value: unknown, room: number): number {
  if (typeof value === "string") return room - value.length;
  if (typeof value !== "object" || value === null) return room - 4;
  let left = room;
  for (const [name, field] of Object.entries(value)) {
    if (left < 0) break;
    left = roomLeft(field, left - name.length);
  }
  return left;
}

/** The flags and names that the rules of the store read, without the bulk; of an entry, that there is one. */
function smallFields(data: LogEvent["data"]): LogEvent["data"] {
  const small = Object.entries(data).filter(
    ([, value]) =>
      typeof value !== "object" && !(typeof value === "string" && value.length > HELD_MESSAGE_LENGTH),
  );
  return { ...Object.fromEntries(small), ...(data.entry ? { entry: true } : {}) };
}
