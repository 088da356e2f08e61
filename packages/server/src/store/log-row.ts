import type { EventType, LogEvent } from "@mission-control/protocol";
import { decodeFrame } from "./event-frame.ts";
import { decodeChange, encodeChange } from "./kept-change.ts";
import type { RecordKind, RecordKinds } from "./records.ts";
import type { EventPage, LogEntry } from "./store.ts";

/** An entry as an engine keeps it: its frame, and beside it what is searched by and what followers need. */
export interface LogRow {
  id: number;
  type: string;
  taskId: string | null;
  agentId: string | null;
  /** Made by {@link encodeChange}. */
  change: string | null;
  frame: string;
}

/**
 * The entry that a row holds.
 * @param recordOf gives the records that it names, as they are now
 */
export function entryOf(
  row: LogRow,
  recordOf: (kind: RecordKind, id: string) => RecordKinds[RecordKind] | null,
): LogEntry {
  const { id, type, taskId, agentId, frame } = row;
  const entry: LogEntry = {
    id,
    type: type as EventType,
    taskId: taskId ?? undefined,
    agentId: agentId ?? undefined,
    receivedAt: receivedAtOf(frame),
    frame,
  };
  return row.change === null ? entry : { ...entry, change: decodeChange(row.change, recordOf) };
}

/** The last field of an event as it is encoded now. */
const RECEIVED_AT = /"receivedAt":"([^"\\]+)"\}\s*$/;

/** Without reading all of the frame, where that can be. */
function receivedAtOf(frame: string): string {
  return RECEIVED_AT.exec(frame.slice(-64))?.[1] ?? decodeFrame(frame).receivedAt;
}

/** How an entry is kept. */
export function rowOf({ id, type, taskId, agentId, change, frame }: LogEntry): LogRow {
  return {
    id,
    type,
    taskId: taskId ?? null,
    agentId: agentId ?? null,
    change: change ? encodeChange(change) : null,
    frame,
  };
}

/** A page of events that holds so much ends there, in UTF-16 units. */
const PAGE_SIZE = 4 * 1024 * 1024;

/**
 * A page of events; a short one where they are large.
 * @param frames those of the page, and one more where there are more; read as far as the page goes
 */
export function eventPage(frames: Iterable<string>, limit: number): EventPage {
  const items: LogEvent[] = [];
  let size = 0;
  for (const frame of frames) {
    const last = items.at(-1);
    if (last && (items.length === limit || size >= PAGE_SIZE)) return { items, nextCursor: String(last.id) };
    items.push(decodeFrame(frame));
    size += frame.length;
  }
  return { items, nextCursor: null };
}
