import type { AgentView } from "@mission-control/protocol";
import type { Reachability } from "../gateways/gateway.ts";
import type { AttemptStep } from "../store/log-change.ts";
import type { AgentRecord } from "../store/records.ts";
import { occupiesSlot } from "../tasks/task.ts";
import { UsageSum } from "../tasks/usage.ts";
import { shownEndpoint } from "./agent-endpoint.ts";

interface Announcement {
  status: Reachability["status"];
  id: number | null;
}

/** Told of an announcement that is on its way: that it stands in the log, as which event, or that it does not. */
export interface Announcing {
  stored(eventId: number): void;
  failed(): void;
}

/** One agent as a node's view knows it: its record, its work, and what was last said by and of it. */
export class AgentState {
  record: AgentRecord;
  /** Ids of its attempts that occupy a slot. */
  readonly running = new Set<string>();
  /** How many attempts wait for it. */
  queued = 0;
  /** What all its attempts used together. */
  usage = new UsageSum();
  /** When it last said something itself (ISO 8601); null when never. */
  lastSeenAt: string | null = null;
  /** Whether it did so since {@link announced}. */
  hasSpokenSince = false;
  /** Whether it can be reached, as the log last announced it, from whichever node; null while it never did. */
  announced: Reachability | null = null;
  /** Id of the event that announced it. */
  #announcedId = 0;
  /** What this node announced last; its event has no id while it is on its way. */
  #own: Announcement | null = null;

  constructor(record: AgentRecord) {
    this.record = record;
  }

  /** Whether it can be reached, as this node has announced it or read it, whichever stands last in the log. */
  get lastStatus(): Reachability["status"] {
    const own = this.#own;
    if (own && (own.id === null || own.id > this.#announcedId)) return own.status;
    return this.announced?.status ?? "unknown";
  }

  get hasFreeSlot(): boolean {
    return this.running.size < this.record.concurrency;
  }

  /** Takes in what a commit did to one of its attempts. */
  count({ before, after }: AttemptStep): void {
    if (before?.state === "queued") this.queued--;
    if (after?.state === "queued") this.queued++;
    const id = (after ?? before)?.id;
    if (id !== undefined) {
      if (after && occupiesSlot(after)) this.running.add(id);
      else this.running.delete(id);
    }
    this.usage.remove(before?.usage);
    this.usage.add(after?.usage);
  }

  /** Takes in that it said something itself. @param at ISO 8601 UTC */
  hear(at: string): void {
    this.lastSeenAt = at;
    this.hasSpokenSince = true;
  }

  /** Takes in what an event of the log announces of whether it can be reached. */
  announce(announced: Reachability, eventId: number): void {
    this.announced = announced;
    this.#announcedId = eventId;
    this.hasSpokenSince = false;
  }

  /** Takes note that this node announces whether it can be reached. @returns what is to be told of its event */
  announcing(status: Reachability["status"]): Announcing {
    const own: Announcement = { status, id: null };
    this.#own = own;
    return {
      stored: (eventId) => {
        own.id = eventId;
      },
      failed: () => {
        if (this.#own === own) this.#own = null;
      },
    };
  }

  /** As clients see it: without its secrets. */
  view({ status, reason }: Reachability, now: Date): AgentView {
    const { id, name, capabilities, concurrency, endpoint, permissions, previousSecret } = this.record;
    const { createdAt, updatedAt } = this.record;
    const overlaps = previousSecret && previousSecret.until > now.toISOString();
    const usage = this.usage.total;
    return {
      id,
      name,
      capabilities,
      concurrency,
      endpoint: shownEndpoint(endpoint),
      ...(permissions ? { permissions } : {}),
      status: status === "online" && !this.hasFreeSlot ? "busy" : status,
      ...(reason === undefined ? {} : { statusReason: reason }),
      running: this.running.size,
      queued: this.queued,
      ...(usage ? { usage } : {}),
      lastSeenAt: this.lastSeenAt,
      lastWordAt: this.lastSeenAt,
      ...(overlaps ? { previousSecretUntil: previousSecret.until } : {}),
      createdAt,
      updatedAt,
    };
  }
}
