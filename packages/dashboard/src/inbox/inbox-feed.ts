import type { InboxItem, LogEvent } from "@mission-control/protocol";
import { QueryObserver } from "@tanstack/react-query";
import type { Mission } from "../app/mission.ts";
import { refreshOn } from "../app/refresh-on.ts";
import { shelf } from "../store/shelf.ts";
import { currentInbox, type InboxSnapshot, inboxCount, inboxKey } from "./inbox-items.ts";
import { Snoozes } from "./snoozes.ts";

/** The list is asked for again at most this often while tasks move; what the log says of them shows at once. */
const REFRESH_MS = 2_000;
const MOVES_INBOX: ReadonlySet<LogEvent["type"]> = new Set([
  "status_change",
  "permission",
  "dispatch",
  "message",
  "task",
]);

/** What waits for a person, as a page shows it. The same object while nothing of it changes. */
export interface InboxView {
  /** Oldest first, without what was put off. */
  items: readonly InboxItem[];
  /** How much waits on the whole, also beyond what is listed. */
  count: number;
  /** How much was put off. */
  snoozed: number;
  running: number;
  isReady: boolean;
  error: Error | null;
}

/** A list of the server's, and which time of asking it is of. */
interface InboxRead {
  number: number;
  snapshot: InboxSnapshot;
}

const NOTHING: InboxSnapshot = {
  items: [],
  counts: { question: 0, undelivered: 0, review: 0, failure: 0, silent: 0 },
  running: 0,
};

/** Keeps the inbox of a page current: the server's list, moved on by the events of the log. */
export class InboxFeed {
  readonly #mission: Mission;
  readonly #snoozes = new Snoozes(shelf, Date.now);
  readonly #observer;
  /** Tasks that events were about, each with how often the list had been asked for by then. */
  readonly #moved = new Map<string, number>();
  #reads = 0;
  #error: Error | null = null;
  #read: InboxRead | null = null;
  #view: InboxView | null = null;
  #viewOf = "";
  #changes = 0;
  #wake: ReturnType<typeof setTimeout> | undefined;

  constructor(mission: Mission) {
    this.#mission = mission;
    this.#observer = new QueryObserver<InboxRead>(mission.queries, {
      queryKey: ["inbox"],
      queryFn: ({ signal }) => this.#ask(signal),
      staleTime: Number.POSITIVE_INFINITY,
    });
  }

  /** Follows the inbox until the returned function is called. */
  start(): () => void {
    const stopObserving = this.#observer.subscribe(({ data, error }) => {
      if (data && data !== this.#read) this.#take(data);
      this.#error = error;
      this.#changed();
    });
    const stopListening = this.#mission.onBatch((events) => {
      for (const { taskId } of events) if (taskId) this.#moved.set(taskId, this.#reads);
      this.#changes += 1;
    });
    const stopRefreshing = refreshOn(this.#mission, {
      matters: ({ type }) => MOVES_INBOX.has(type),
      everyMs: REFRESH_MS,
      refresh: () => this.#observer.refetch(),
    });
    const onStored = () => {
      this.#snoozes.reread();
      this.#changed();
    };
    addEventListener("storage", onStored);
    return () => {
      clearTimeout(this.#wake);
      stopObserving();
      stopListening();
      stopRefreshing();
      removeEventListener("storage", onStored);
    };
  }

  get view(): InboxView {
    const of = `${this.#changes} ${this.#mission.tasks.version}`;
    if (!this.#view || this.#viewOf !== of) {
      const view = this.#make();
      if (!this.#view || !isSameView(this.#view, view)) this.#view = view;
      this.#viewOf = of;
    }
    return this.#view;
  }

  /** Puts an item off for a while, in this browser. */
  snooze(item: InboxItem): void {
    this.#snoozes.add(inboxKey(item));
    this.#changed();
  }

  /** Brings back what was put off. */
  wakeAll(): void {
    this.#snoozes.clear();
    this.#changed();
  }

  retry(): void {
    void this.#observer.refetch();
  }

  #changed(): void {
    this.#changes += 1;
    clearTimeout(this.#wake);
    const next = this.#snoozes.nextEnd;
    if (next !== null) this.#wake = setTimeout(() => this.#changed(), next - Date.now());
    this.#mission.changed();
  }

  async #ask(signal: AbortSignal): Promise<InboxRead> {
    const number = ++this.#reads;
    return { number, snapshot: await this.#mission.api.get<InboxSnapshot>("/api/inbox", signal) };
  }

  /** A list holds what happened before it was asked for; what happened while it was on its way may not be in it. */
  #take(read: InboxRead): void {
    this.#read = read;
    for (const [id, reads] of this.#moved) if (reads < read.number) this.#moved.delete(id);
  }

  #make(): InboxView {
    const { tasks } = this.#mission;
    const snapshot = this.#read?.snapshot ?? NOTHING;
    const all = currentInbox(snapshot, this.#moved.keys(), (id) =>
      tasks.isDeleted(id) ? "deleted" : tasks.get(id),
    );
    const items = all.filter((item) => !this.#snoozes.has(inboxKey(item)));
    return {
      items,
      count: inboxCount(snapshot, items),
      snoozed: all.length - items.length,
      running: snapshot.running,
      isReady: this.#read !== null,
      error: this.#error,
    };
  }
}

function isSameView(one: InboxView, other: InboxView): boolean {
  return (
    one.items.length === other.items.length &&
    one.count === other.count &&
    one.snoozed === other.snoozed &&
    one.running === other.running &&
    one.isReady === other.isReady &&
    one.error === other.error &&
    one.items.every(({ kind, task, since }, index) => {
      const same = other.items[index];
      return same?.kind === kind && same.task === task && same.since === since;
    })
  );
}

const feeds = new WeakMap<Mission, InboxFeed>();

/** The one inbox of a page. */
export function inboxOf(mission: Mission): InboxFeed {
  const feed = feeds.get(mission) ?? new InboxFeed(mission);
  feeds.set(mission, feed);
  return feed;
}
