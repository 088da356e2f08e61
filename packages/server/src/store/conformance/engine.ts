import assert from "node:assert/strict";
import type { EventType, LogEvent, NewEvent } from "@mission-control/protocol";
import { createParser } from "eventsource-parser";
import type { TaskChange } from "../../tasks/change.ts";
import type { ChangeResult, Commit, Receipt, Store, StoredEvent } from "../store.ts";

/** What the suite needs to know of an engine. */
export interface Engine {
  /** Makes a new, empty place to keep a store in. */
  newPlace(): Promise<string>;
  /** Opens the store at a place; what an earlier store kept there before it was closed is there again. */
  open(place: string, now: () => Date): Promise<Store>;
  /** Removes a place for good. */
  discard(place: string): Promise<void>;
}

/** A clock that moves a second each time it is asked, so that no two changes happen at the same time. */
export function tickingClock(start = Date.UTC(2026, 0, 1)): () => Date {
  let at = start;
  return () => {
    at += 1000;
    return new Date(at);
  };
}

/** A store under test, with all that its commits told. */
export class Subject {
  readonly #engine: Engine;
  readonly #now: () => Date;
  readonly place: string;
  store: Store;
  readonly commits: Commit[] = [];

  static async open(engine: Engine, now: () => Date = tickingClock()): Promise<Subject> {
    const place = await engine.newPlace();
    return new Subject(engine, now, place, await engine.open(place, now));
  }

  private constructor(engine: Engine, now: () => Date, place: string, store: Store) {
    this.#engine = engine;
    this.#now = now;
    this.place = place;
    this.store = store;
    this.#listen();
  }

  /** Every event that was told, in the order it was told. */
  get told(): StoredEvent[] {
    return this.commits.flatMap(({ events }) => events);
  }

  change(change: TaskChange, receipt?: Receipt): Promise<ChangeResult> {
    return this.store.change(change, receipt);
  }

  /** Closes the store and opens it again, as a restart of the server does. */
  async reopen(): Promise<void> {
    await this.store.close();
    this.store = await this.#engine.open(this.place, this.#now);
    this.#listen();
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

  #listen(): void {
    this.store.onCommit((commit) => this.commits.push(commit));
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
  said: { type: "progress" | "complete" | "error"; message?: string; tokens?: number },
): TaskChange {
  const { type, message, tokens } = said;
  const usage = tokens === undefined ? {} : { usage: { inputTokens: tokens } };
  const at = "2026-01-01T00:00:00.000Z";
  return { kind: "callback", taskId, callback: { taskId, agentId, type, message, ...usage }, at };
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
