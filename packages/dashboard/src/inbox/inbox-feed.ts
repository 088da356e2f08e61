import type { InboxItem, LogEvent } from "@mission-control/protocol";
import { QueryObserver } from "@tanstack/react-query";
import type { Mission } from "../app/mission.ts";
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
  /** Tasks that events were about since the list that is shown was asked for. */
  #moved = new Set<string>();
  #movedBefore = new Set<string>();
  #error: Error | null = null;
  #snapshot: InboxSnapshot | null = null;
  #view: InboxView | null = null;
  #viewOf = "";
  #changes = 0;
  #wake: ReturnType<typeof setTimeout> | undefined;

  constructor(mission: Mission) {
    this.#mission = mission;
    this.#observer = new QueryObserver<InboxSnapshot>(mission.queries, {
      queryKey: ["inbox"],
      queryFn: ({ signal }) => this.#read(signal),
      staleTime: Number.POSITIVE_INFINITY,
    });
  }

  /** Follows the inbox until the returned function is called. */
  start(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stopObserving = this.#observer.subscribe(({ data, error }) => {
      this.#snapshot = data ?? this.#snapshot;
      this.#error = error;
      this.#changed();
    });
    const stopListening = this.#mission.onBatch((events) => {
      for (const { taskId } of events) if (taskId) this.#moved.add(taskId);
      this.#changes += 1;
      if (timer !== undefined || !events.some(({ type }) => MOVES_INBOX.has(type))) return;
      timer = setTimeout(() => {
        timer = undefined;
        void this.#observer.refetch();
      }, REFRESH_MS);
    });
    const onStored = () => {
      this.#snoozes.reread();
      this.#changed();
    };
    addEventListener("storage", onStored);
    return () => {
      clearTimeout(timer);
      clearTimeout(this.#wake);
      stopObserving();
      stopListening();
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

  async #read(signal: AbortSignal): Promise<InboxSnapshot> {
    // What happens while the list is on its way may not be in it.
    this.#movedBefore = this.#moved;
    this.#moved = new Set();
    try {
      return await this.#mission.api.get<InboxSnapshot>("/api/inbox", signal);
    } catch (error) {
      for (const id of this.#movedBefore) this.#moved.add(id);
      throw error;
    } finally {
      this.#movedBefore = new Set();
    }
  }

  #make(): InboxView {
    const { tasks } = this.#mission;
    const snapshot = this.#snapshot ?? NOTHING;
    const all = currentInbox(snapshot, [...this.#movedBefore, ...this.#moved], (id) =>
      tasks.isDeleted(id) ? "deleted" : tasks.get(id),
    );
    const items = all.filter((item) => !this.#snoozes.has(inboxKey(item)));
    return {
      items,
      count: inboxCount(snapshot, items),
      snoozed: all.length - items.length,
      running: snapshot.running,
      isReady: this.#snapshot !== null,
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
