import type { Surroundings } from "./connection.ts";
import { LiveHub, type Tab } from "./hub.ts";
import type { LiveLink } from "./link.ts";
import type { HubMessage, TabMessage } from "./messages.ts";

/** How often a tab looks whether it has heard of the leader. */
const WATCH_MS = 5_000;
/** After so many looks in silence the leader is asked; after one more without an answer, it is none any more. */
const ASKED_AFTER = 2;
/** Where there are no locks: how long a tab waits for a leader's answer before it leads itself, and up to as much more. */
const ANSWER_MS = 250;
/** Tabs a leader knows before it asks all of them to attach again: those that crashed do not, and are forgotten. */
const MOST_FOLLOWERS = 64;

/** What tabs tell each other on the channel of all. */
type GroupMessage =
  /** Which tab leads? */
  | { kind: "who" }
  /** This one; attach to it. */
  | { kind: "leads"; leader: string }
  /** The leader goes away. */
  | { kind: "gone"; leader: string }
  /** From a tab to its leader. */
  | { kind: "tab"; tab: string; leader: string; message: TabMessage };

/** What the tabs' shared connection needs from where it runs. */
export interface TabSurroundings extends Surroundings {
  /** The browser's locks; null where it has none (over plain http on a name, and in old browsers). */
  locks: Pick<LockManager, "request"> | null;
  /** This tab's name among the others. */
  id: string;
  /** The session's key, as the newest log-in of any tab has left it. */
  key(): string | null;
}

/**
 * One connection for all tabs of a browser that has no SharedWorker: one tab leads, which is to hold the
 * connection and to send the others what comes. A browser opens only six connections to a server without HTTP/2: a stream
 * a tab would leave none for anything else.
 *
 * The leader is who holds a lock; a tab that goes away in whatever way lets go of it. Where there are no locks, a tab
 * leads when nobody answers that it does; of two that do, the one with the lesser name goes on. Both are only about how many
 * connections there are: a tab listens to one leader, from the last event it had, so that it misses none and has none
 * twice, however often the leader changes.
 */
export class SharedLink implements LiveLink {
  readonly #around: TabSurroundings;
  readonly #name: string;
  readonly #onMessage: (message: HubMessage) => void;
  readonly #self: Tab = { post: (message) => this.#take(message) };
  #position = 0;
  #group: BroadcastChannel | null = null;
  #own: BroadcastChannel | null = null;
  #leader: string | null = null;
  /** Looks since anything was heard of a leader. */
  #silent = 0;
  #watch: ReturnType<typeof setInterval> | undefined;
  /** While this tab leads: the connection, and the others. */
  #hub: LiveHub | null = null;
  readonly #followers = new Map<string, { tab: Tab; channel: BroadcastChannel }>();
  /** Ends this tab's standing by for the lead, or its lead. */
  #withdraw: (() => void) | null = null;

  /** @param name of the connection: that of the server, where several share an origin */
  constructor(around: TabSurroundings, name: string, onMessage: (message: HubMessage) => void) {
    this.#around = around;
    this.#name = name;
    this.#onMessage = onMessage;
  }

  send(message: TabMessage): void {
    switch (message.kind) {
      case "attach":
        this.#position = message.after;
        if (this.#group) this.#attach();
        else this.#join();
        break;
      case "retry":
        this.#toLeader({ kind: "retry", key: this.#around.key() });
        break;
      case "detach":
        this.close();
    }
  }

  /** The tab goes away; it may come back by attaching again. */
  close(): void {
    if (!this.#group) return;
    clearInterval(this.#watch);
    if (this.#hub) this.#tell({ kind: "gone", leader: this.#around.id });
    else this.#toLeader({ kind: "detach" });
    this.#endLead();
    this.#withdraw?.();
    this.#withdraw = null;
    this.#follow(null);
    this.#group.close();
    this.#group = null;
  }

  #join(): void {
    this.#group = new BroadcastChannel(this.#name);
    this.#group.onmessage = ({ data }: MessageEvent<GroupMessage>) => this.#hear(data);
    this.#watch = setInterval(() => this.#lookForLeader(), WATCH_MS);
    this.#tell({ kind: "who" });
    this.#standBy();
  }

  /** The channel on which a leader sends a tab what comes. Nobody else hears it, nor what a former leader sends. */
  #channelOf(leader: string, tab: string): BroadcastChannel {
    return new BroadcastChannel(`${this.#name} ${leader} ${tab}`);
  }

  #tell(message: GroupMessage): void {
    this.#group?.postMessage(message);
  }

  #hear(message: GroupMessage): void {
    const { id } = this.#around;
    switch (message.kind) {
      case "who":
        if (this.#hub) this.#tell({ kind: "leads", leader: id });
        break;
      case "leads":
        this.#hearOf(message.leader);
        break;
      case "gone":
        if (message.leader !== this.#leader) break;
        this.#follow(null);
        // With locks, it is this tab's turn to lead, or another's, which will say so.
        if (this.#around.locks) break;
        this.#tell({ kind: "who" });
        this.#standBy();
        break;
      case "tab":
        if (message.leader === id && this.#hub) this.#serve(message.tab, message.message, this.#hub);
    }
  }

  /** A tab says that it leads. */
  #hearOf(leader: string): void {
    this.#silent = 0;
    if (leader === this.#leader) return;
    if (this.#hub) {
      // With locks, who does not hold one is told so by the lock.
      if (this.#around.locks || leader > this.#around.id) return;
      this.#endLead();
      this.#tell({ kind: "gone", leader: this.#around.id });
    }
    if (!this.#around.locks) this.#withdraw?.();
    this.#follow(leader);
    this.#attach();
  }

  #follow(leader: string | null): void {
    this.#own?.close();
    this.#own = null;
    this.#leader = leader;
    if (leader === null || leader === this.#around.id) return;
    this.#own = this.#channelOf(leader, this.#around.id);
    this.#own.onmessage = ({ data }: MessageEvent<HubMessage>) => {
      this.#silent = 0;
      this.#take(data);
    };
  }

  #attach(): void {
    if (this.#hub) this.#hub.attach(this.#self, this.#position, this.#around.key());
    else this.#toLeader({ kind: "attach", after: this.#position, key: this.#around.key() });
  }

  #toLeader(message: TabMessage): void {
    if (this.#hub && message.kind === "retry") this.#hub.retryNow(message.key);
    else if (this.#leader) this.#tell({ kind: "tab", tab: this.#around.id, leader: this.#leader, message });
  }

  #take(message: HubMessage): void {
    if (message.kind === "events") this.#position = Math.max(this.#position, message.lastId);
    if (message.kind === "reset") this.#position = message.newest;
    this.#onMessage(message);
  }

  /** Waits for the lead. @param steal takes it from a tab that does not answer: it may be frozen, with its lock */
  #standBy(steal = false): void {
    this.#withdraw?.();
    const { locks } = this.#around;
    if (!locks) {
      const timer = setTimeout(() => this.#lead(), ANSWER_MS * (1 + this.#around.random()));
      this.#withdraw = () => clearTimeout(timer);
      return;
    }
    const ended = new AbortController();
    const held = new Promise<void>((resolve) => ended.signal.addEventListener("abort", () => resolve()));
    this.#withdraw = () => ended.abort();
    const lead = () => {
      if (ended.signal.aborted) return;
      this.#lead();
      return held;
    };
    const options = steal ? { steal } : { signal: ended.signal };
    locks.request(this.#name, options, lead).catch(() => {
      // Withdrawn while it waited, or taken away by a tab that got no answer: then it follows that one.
      if (ended.signal.aborted) return;
      this.#endLead();
      this.#follow(null);
      this.#tell({ kind: "who" });
      this.#standBy();
    });
  }

  #lead(): void {
    this.#follow(this.#around.id);
    this.#hub = new LiveHub(this.#around);
    this.#tell({ kind: "leads", leader: this.#around.id });
    this.#attach();
  }

  #endLead(): void {
    this.#hub?.close();
    this.#hub = null;
    this.#forgetFollowers();
  }

  #forgetFollowers(): void {
    for (const { tab, channel } of this.#followers.values()) {
      this.#hub?.detach(tab);
      channel.close();
    }
    this.#followers.clear();
  }

  /** What a follower asks of the leader. */
  #serve(id: string, message: TabMessage, hub: LiveHub): void {
    let follower = this.#followers.get(id);
    switch (message.kind) {
      case "attach":
        if (!follower) {
          if (this.#followers.size >= MOST_FOLLOWERS) {
            this.#forgetFollowers();
            this.#tell({ kind: "gone", leader: this.#around.id });
            this.#tell({ kind: "leads", leader: this.#around.id });
          }
          const channel = this.#channelOf(this.#around.id, id);
          follower = { channel, tab: { post: (event) => channel.postMessage(event) } };
          this.#followers.set(id, follower);
        }
        hub.attach(follower.tab, message.after, message.key);
        break;
      case "retry":
        hub.retryNow(message.key);
        break;
      case "detach":
        if (!follower) break;
        hub.detach(follower.tab);
        follower.channel.close();
        this.#followers.delete(id);
    }
  }

  #lookForLeader(): void {
    if (this.#hub) return;
    this.#silent += 1;
    if (this.#silent === ASKED_AFTER) this.#tell({ kind: "who" });
    if (this.#silent <= ASKED_AFTER) return;
    this.#silent = 0;
    this.#follow(null);
    this.#standBy(true);
  }
}
