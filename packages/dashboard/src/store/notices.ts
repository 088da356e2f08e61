/** Something to press in a notice. */
export interface NoticeAction {
  label: string;
  run(): void;
}

/** A short message to the person at the screen. */
export interface Notice {
  id: number;
  kind: "info" | "error";
  text: string;
  /** The server's name for the failed request, to find it in the log. */
  requestId?: string | undefined;
  actions?: readonly NoticeAction[];
  /** When it goes by itself, by the clock that only grows (`performance.now`); shown as a countdown. */
  until?: number;
}

const INFO_MS = 4_000;
const MOST_SHOWN = 4;

/** What is said at the edge of the page. Errors stay until closed. */
export class Notices {
  readonly #changed: () => void;
  #notices: readonly Notice[] = [];
  #nextId = 1;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get all(): readonly Notice[] {
    return this.#notices;
  }

  info(text: string): void {
    const id = this.#add({ kind: "info", text });
    setTimeout(() => this.close(id), INFO_MS);
  }

  error(text: string, requestId?: string | null): void {
    this.#add({ kind: "error", text, requestId: requestId ?? undefined });
  }

  /**
   * Offers something for some time.
   * @param milliseconds until it goes by itself
   * @returns how to take it away before
   */
  offer(text: string, actions: readonly NoticeAction[], milliseconds: number): () => void {
    const id = this.#add({ kind: "info", text, actions, until: performance.now() + milliseconds });
    const timer = setTimeout(() => this.close(id), milliseconds);
    return () => {
      clearTimeout(timer);
      this.close(id);
    };
  }

  close(id: number): void {
    if (!this.#notices.some((notice) => notice.id === id)) return;
    this.#notices = this.#notices.filter((notice) => notice.id !== id);
    this.#changed();
  }

  /** An offer goes only by itself: plain words make room for others. */
  #add(notice: Omit<Notice, "id">): number {
    const id = this.#nextId++;
    const all = [...this.#notices, { ...notice, id }];
    const surplus = all.length - MOST_SHOWN;
    const gone = new Set(
      all
        .filter(({ actions }) => !actions)
        .slice(0, Math.max(0, surplus))
        .map((plain) => plain.id),
    );
    gone.delete(id);
    this.#notices = all.filter((one) => !gone.has(one.id));
    this.#changed();
    return id;
  }
}
