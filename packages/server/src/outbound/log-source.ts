import type { EventFilter, EventType } from "@mission-control/protocol";
import type { DeliveryRecord } from "../store/deliveries.ts";
import { decodeFrame, frameJson } from "../store/event-frame.ts";
import { eventsBetween } from "../store/log-gaps.ts";
import type { LogEntry, Store } from "../store/store.ts";
import { passes } from "../stream/filter.ts";

/** So many of the newest entries are kept, and at most so many bytes of them: endpoints that keep up read no others. */
const KEPT_ENTRIES = 2048;
const KEPT_BYTES = 4 * 1024 * 1024;
/** Entries that one look at those gives. */
const STEP_ENTRIES = 256;
/** And of the log itself, in bytes. */
const STEP_BYTES = 256 * 1024;

/** An event as it is delivered. */
export interface LoggedEvent {
  id: number;
  type: EventType;
  taskId: string | undefined;
  agentId: string | undefined;
  /** As the stream sends it. */
  json: string;
}

/** Where endpoints read the log: its end from memory, what is before from the store. */
export class LogSource {
  readonly #store: Pick<Store, "frames" | "range">;
  #newest: number;
  /** The newest entries, without a gap. */
  #kept: LogEntry[] = [];
  #bytes = 0;

  /** @param newest id of the newest event that is in the log */
  constructor(store: Pick<Store, "frames" | "range">, newest: number) {
    this.#store = store;
    this.#newest = newest;
  }

  /** Id of the newest event that can be read. */
  get newest(): number {
    return this.#newest;
  }

  /** Takes what came into the log, and follows what came before. @param isRead whether anybody reads it */
  follow(entries: readonly LogEntry[], isRead: boolean): void {
    this.#newest = entries.at(-1)?.id ?? this.#newest;
    if (!isRead) {
      if (this.#kept.length > 0) this.#kept = [];
      this.#bytes = 0;
      return;
    }
    for (const entry of entries) {
      this.#kept.push(entry);
      this.#bytes += entry.frame.length;
    }
    this.#letGo();
  }

  /**
   * Reads on after a position, as far as one bounded step goes: at least one event further, while there is one.
   * @returns those that match, in order; how far was looked; and how many had left the log before
   */
  async read(
    after: number,
    filter: EventFilter,
  ): Promise<{ events: LoggedEvent[]; lastId: number; skipped: number }> {
    const start = this.#indexAfter(after);
    if (start !== null) {
      const step = this.#kept.slice(start, start + STEP_ENTRIES);
      const events = step.filter((entry) => passes(filter, entry)).map(loggedEvent);
      return { events, lastId: step.at(-1)?.id ?? after, skipped: 0 };
    }
    const { oldest, gaps } = await this.#store.range();
    const skipped = eventsBetween(after, oldest - 1, gaps);
    const stretch = { after: Math.max(after, oldest - 1), upTo: this.#newest, maxBytes: STEP_BYTES };
    const { frames, lastId } = await this.#store.frames(stretch, filter);
    const events = framesIn(Buffer.from(frames).toString()).map((frame): LoggedEvent => {
      const { id, type, taskId, agentId } = decodeFrame(frame);
      return { id, type, taskId, agentId, json: frameJson(frame) };
    });
    return { events, lastId, skipped };
  }

  /** Where the entries after a position begin among those kept; null where some of them are not. */
  #indexAfter(after: number): number | null {
    const first = this.#kept[0];
    if (!first || after < first.id - 1) return null;
    const guess = after - first.id + 1;
    if (this.#kept[guess]?.id === after + 1) return guess;
    // Behind the newest, or where ids were left out, as after an older copy of the database was put back.
    const found = this.#kept.findLastIndex(({ id }) => id <= after);
    return found + 1;
  }

  /** In pieces, so that it costs next to nothing for each entry. */
  #letGo(): void {
    if (this.#kept.length < 2 * KEPT_ENTRIES && this.#bytes < 2 * KEPT_BYTES) return;
    let bytes = 0;
    let start = this.#kept.length;
    while (start > Math.max(0, this.#kept.length - KEPT_ENTRIES)) {
      const { length } = (this.#kept[start - 1] as LogEntry).frame;
      if (bytes + length > KEPT_BYTES) break;
      bytes += length;
      start--;
    }
    this.#kept = this.#kept.slice(start);
    this.#bytes = bytes;
  }
}

/** The JSON of a delivery's event, from where it is kept; null where it is not any more. */
export async function deliveredJson(
  store: Pick<Store, "deliveryEvent" | "frames" | "range">,
  { id, eventId }: Pick<DeliveryRecord, "id" | "eventId">,
): Promise<string | null> {
  return (await store.deliveryEvent(id)) ?? (eventId === null ? null : loggedJson(store, eventId));
}

/** The JSON of one event of the log, as the stream sends it; null where the log does not hold it any more. */
async function loggedJson(store: Pick<Store, "frames" | "range">, id: number): Promise<string | null> {
  const { oldest, newest } = await store.range();
  if (id < oldest || id > newest) return null;
  const { frames } = await store.frames({ after: id - 1, upTo: id, maxBytes: 1 }, {});
  const [frame] = framesIn(Buffer.from(frames).toString());
  return frame === undefined ? null : frameJson(frame);
}

function loggedEvent({ id, type, taskId, agentId, frame }: LogEntry): LoggedEvent {
  return { id, type, taskId, agentId, json: frameJson(frame) };
}

/** A frame ends in an empty line, and has none inside. */
function framesIn(text: string): string[] {
  return text.split("\n\n").filter((frame) => frame !== "");
}
