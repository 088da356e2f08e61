/** More new events than this in one frame is a flood. */
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
  #flooded = 0;
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
    this.#flooded += events;
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(this.#frame);
  }

  readonly #frame = () => {
    const now = performance.now();
    if (this.#flooded > FLOOD && now - this.#lastAt < FLOOD_INTERVAL_MS) {
      requestAnimationFrame(this.#frame);
      return;
    }
    this.#scheduled = false;
    this.#flooded = 0;
    this.#lastAt = now;
    this.#version += 1;
    for (const listener of this.#listeners) listener();
    // A task of its own runs after the frame was painted.
    setTimeout(this.#onPainted, 0);
  };
}
