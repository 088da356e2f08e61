/** More new events than this, in this frame and the one painted before, are a flood. */
const FLOOD = 20;
/** In a flood the page is painted this often: nobody reads faster, and the machine stays free. */
const FLOOD_INTERVAL_MS = 100;

/**
 * Tells subscribers of changes at most once a frame, and not at all while the tab is hidden: coming back is one paint.
 */
export class FramePacer {
  readonly #listeners = new Set<() => void>();
  readonly #onPainted: () => void;
  #version = 0;
  #scheduled = false;
  #events = 0;
  #lastEvents = 0;
  #lastAt = 0;

  /** @param onPainted called once what was told has reached the screen */
  constructor(onPainted: () => void) {
    this.#onPainted = onPainted;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Grows with every telling. */
  get version(): number {
    return this.#version;
  }

  /** @param events how many events the change brought */
  request(events = 0): void {
    this.#events += events;
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(this.#frame);
  }

  readonly #frame = () => {
    const now = performance.now();
    const early = this.#lastAt + FLOOD_INTERVAL_MS - now;
    if (early > 0 && this.#events + this.#lastEvents > FLOOD) {
      setTimeout(() => requestAnimationFrame(this.#frame), early);
      return;
    }
    this.#scheduled = false;
    this.#lastEvents = this.#events;
    this.#events = 0;
    this.#lastAt = now;
    this.#version += 1;
    for (const listener of this.#listeners) listener();
    // A task of its own runs after the frame was painted.
    setTimeout(this.#onPainted, 0);
  };
}
