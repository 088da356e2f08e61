import type { LogPublishers } from "../relayed-log.ts";
import { RELAY_CHANNEL } from "./channels.ts";
import type { Database } from "./database.ts";
import { prepared } from "./statement.ts";

const announce = prepared("announce_publisher", "SELECT pg_notify($1, $2::text || ' ' || current_schema())");

/** Announces who publishes the log, by NOTIFY: that reaches the nodes on this database, and none on a copy of it. */
export class Publishers implements LogPublishers {
  readonly #database: Database;
  #listener: (session: string) => void = () => {};

  constructor(database: Database) {
    this.#database = database;
  }

  async announce(session: string): Promise<void> {
    await this.#database.read(announce(RELAY_CHANNEL, session));
  }

  listen(listener: (session: string) => void): void {
    this.#listener = listener;
  }

  /** One was announced. */
  heard(session: string): void {
    this.#listener(session);
  }
}
