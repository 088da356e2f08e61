/** How far a view has followed the log, for those who must see in it what they have just written. */
export class Position {
  #lastEventId: number;
  #waiting: { eventId: number; resolve: () => void }[] = [];

  /** @param lastEventId id of the newest event whose effect is in the view */
  constructor(lastEventId: number) {
    this.#lastEventId = lastEventId;
  }

  /** Takes note that the view shows everything up to an event. */
  moveTo(eventId: number): void {
    this.#lastEventId = eventId;
    if (this.#waiting.length === 0) return;
    const arrived = this.#waiting.filter((one) => one.eventId <= eventId);
    this.#waiting = this.#waiting.filter((one) => one.eventId > eventId);
    for (const { resolve } of arrived) resolve();
  }

  /**
   * Resolves when the view shows an event's effect. The event is in the log, so that will be.
   * @param eventId null: there is nothing to wait for
   */
  reached(eventId: number | null): Promise<void> {
    if (eventId === null || eventId <= this.#lastEventId) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ eventId, resolve }));
  }
}
