/** A short message to the person at the screen. */
export interface Notice {
  id: number;
  kind: "info" | "error";
  text: string;
  /** The server's name for the failed request, to find it in the log. */
  requestId?: string | undefined;
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

  close(id: number): void {
    this.#notices = this.#notices.filter((notice) => notice.id !== id);
    this.#changed();
  }

  #add(notice: Omit<Notice, "id">): number {
    const id = this.#nextId++;
    this.#notices = [...this.#notices, { ...notice, id }].slice(-MOST_SHOWN);
    this.#changed();
    return id;
  }
}
