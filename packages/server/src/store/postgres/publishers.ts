import type { LogPublishers } from "../relayed-log.ts";
import { RELAY_CHANNEL } from "./channels.ts";
import { prepared } from "./statement.ts";
import type { Wakes } from "./wakes.ts";

const announce = prepared("announce_publisher", "SELECT pg_notify($1, $2::text || ' ' || current_schema())");

/** Announces who publishes the log, by NOTIFY: that reaches the nodes on this database, and none on a copy of it. */
export class Publishers implements LogPublishers {
  readonly #wakes: Pick<Wakes, "connected" | "tell">;
  #listener: (session: string) => void = () => {};

  constructor(wakes: Pick<Wakes, "connected" | "tell">) {
    this.#wakes = wakes;
  }

  get connected(): AbortSignal {
    return this.#wakes.connected;
  }

  announce(session: string): Promise<void> {
    return this.#wakes.tell(announce(RELAY_CHANNEL, session));
  }

  listen(listener: (session: string) => void): void {
    this.#listener = listener;
  }

  /** One was announced. */
  heard(session: string): void {
    this.#listener(session);
  }
}
