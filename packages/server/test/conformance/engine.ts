import assert from "node:assert/strict";
import type { EventType, JsonObject, LogEvent, NewEvent } from "@mission-control/protocol";
import { createParser } from "eventsource-parser";
import type { ChangeResult } from "../../src/store/operations.ts";
import type { IdempotencyKey } from "../../src/store/receipt.ts";
import type { AgentRecord } from "../../src/store/records.ts";
import type { Follower, LogEntry, Snapshot, Store } from "../../src/store/store.ts";
import type { TaskChange } from "../../src/tasks/change.ts";

/** What the suite needs to know of an engine. */
export interface Engine {
  /** Makes a new, empty place to keep a store in. */
  newPlace(): Promise<string>;
  /** Opens the store at a place; what an earlier store kept there before it was closed is there again. */
  open(place: string, now: () => Date): Promise<Store>;
  /** Removes a place for good. */
  discard(place: string): Promise<void>;
  /** Whether every call takes milliseconds: random tests then make fewer runs. */
  isSlow?: boolean;
}

/** How often a random test is run on an engine. */
export function runs(engine: Engine, usual: number): number {
  return engine.isSlow ? Math.ceil(usual / 10) : usual;
}

/** A clock that moves a second each time it is asked, so that no two changes happen at the same time. */
export function tickingClock(start = Date.UTC(2026, 0, 1)): () => Date {
  let at = start;
  return () => {
    at += 1000;
    return new Date(at);
  };
}

/** A store under test, with all that its log told. */
export class Subject {
  readonly #engine: Engine;
  readonly #now: () => Date;
  readonly place: string;
  store: Store;
  /** Every entry of the log, in the order in which it was followed. */
  readonly entries: LogEntry[] = [];
  #follower: Follower;
  #waiting: { id: number; resolve: () => void }[] = [];

  static async open(engine: Engine, now: () => Date = tickingClock()): Promise<Subject> {
    const place = await engine.newPlace();
    return new Subject(engine, now, place, await engine.open(place, now));
  }

  private constructor(engine: Engine, now: () => Date, place: string, store: Store) {
    this.#engine = engine;
    this.#now = now;
    this.place = place;
    this.store = store;
    this.#follower = this.#follow();
  }

  change(change: TaskChange, key?: IdempotencyKey): Promise<ChangeResult> {
    return this.store.change(change, key ? { key } : {});
  }

  /** Every entry that is in the log now, once it was followed that far. */
  async followed(): Promise<readonly LogEntry[]> {
    const { newest } = await this.store.range();
    if ((this.entries.at(-1)?.id ?? 0) < newest) {
      await new Promise<void>((resolve) => this.#waiting.push({ id: newest, resolve }));
    }
    return [...this.entries];
  }

  /** Closes the store and opens it again, as a restart of the server does. */
  async reopen(): Promise<void> {
    await this.followed();
    this.#follower.close();
    await this.store.close();
    this.store = await this.#engine.open(this.place, this.#now);
    this.#follower = this.#follow();
  }

  async discard(): Promise<void> {
    await this.store.close();
    await this.#engine.discard(this.place);
  }

  /** The whole log, read step by step as the stream does. */
  async log(): Promise<LogEvent[]> {
    const { newest } = await this.store.range();
    let frames = "";
    for (let after = 0; after < newest; ) {
      const chunk = await this.store.frames({ after, upTo: newest, maxBytes: 64 * 1024 }, {});
      assert.ok(chunk.lastId > after, "every step goes on");
      frames += textOf(chunk.frames);
      after = chunk.lastId;
    }
    return eventsIn(frames);
  }

  #follow(): Follower {
    return this.store.follow(this.entries.at(-1)?.id ?? 0, (entries) => {
      this.entries.push(...entries);
      const reached = this.entries.at(-1)?.id ?? 0;
      for (const { resolve } of this.#waiting.filter(({ id }) => id <= reached)) resolve();
      this.#waiting = this.#waiting.filter(({ id }) => id > reached);
    });
  }
}

/** The text of a stretch's frames. */
export function textOf(frames: Uint8Array): string {
  return Buffer.from(frames).toString();
}

/** The events in a piece of the stream, as a client's parser finds them. */
export function eventsIn(frames: string): LogEvent[] {
  const events: LogEvent[] = [];
  const parser = createParser({
    onEvent: ({ id, event, data }) => {
      const parsed = JSON.parse(data) as LogEvent;
      assert.equal(id, String(parsed.id));
      assert.equal(event, parsed.type);
      events.push(parsed);
    },
  });
  parser.feed(frames);
  return events;
}

export function newEvent(
  type: EventType,
  about: { taskId?: string; agentId?: string; message?: string } = {},
): NewEvent {
  const at = "2026-01-01T00:00:00.000Z";
  return { type, ...about, data: {}, timestamp: at, receivedAt: at };
}

export function createTask(taskId: string, fields: Partial<CreateFields> = {}): TaskChange {
  const standard: CreateFields = {
    title: `Title of ${taskId}`,
    description: "",
    priority: "normal",
    tags: [],
    context: {},
    requiresReview: false,
  };
  return { kind: "create", taskId, fields: { ...standard, ...fields } };
}

type CreateFields = Extract<TaskChange, { kind: "create" }>["fields"];

export function dispatchTo(agentId: string, taskId: string, dispatchId: string): TaskChange {
  return { kind: "dispatch", taskId, agentId, newDispatchId: dispatchId };
}

export function callback(
  taskId: string,
  agentId: string,
  said: { type: "progress" | "complete" | "error"; message?: string; tokens?: number; data?: JsonObject },
): TaskChange {
  const { tokens, ...rest } = said;
  const usage = tokens === undefined ? {} : { usage: { inputTokens: tokens } };
  const at = "2026-01-01T00:00:00.000Z";
  return { kind: "callback", taskId, callback: { taskId, agentId, ...rest, ...usage }, at };
}

/** Registers an agent that takes so many dispatches at a time. */
export async function register(store: Store, id: string, concurrency = 1): Promise<AgentRecord> {
  const at = "2026-01-01T00:00:00.000Z";
  const endpoint = { kind: "http", url: "http://127.0.0.1:9/" } as const;
  const record = { id, name: id, capabilities: [], concurrency, endpoint, createdAt: at, updatedAt: at };
  await store.edit("agent", id, () => ({ record, event: newEvent("agent", { agentId: id }) }));
  return record;
}

/** What a snapshot says, without the position it is of. */
export function picture({ underWay, queueLengths, usageByAgent, commands }: Snapshot): unknown {
  return {
    underWay: underWay.map(({ id, state }) => `${id} ${state}`).sort(),
    queueLengths,
    usage: Object.fromEntries([...usageByAgent].map(([agentId, sum]) => [agentId, sum.total])),
    commands,
  };
}

/** Brings a new task to an attempt of an agent that works on it. */
export async function running(
  store: Store,
  taskId: string,
  agentId: string,
  dispatchId: string,
): Promise<void> {
  await Promise.all([
    store.change(createTask(taskId)),
    store.change(dispatchTo(agentId, taskId, dispatchId)),
    store.change({ kind: "sending", taskId, dispatchId }),
    store.change({ kind: "accepted", taskId, dispatchId }),
  ]);
}

/** A record without the fields that are there but undefined: absent and undefined mean the same. */
export function plain<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}
