import type { LogRow } from "../log-row.ts";
import type { LogPublishers } from "../relayed-log.ts";
import { RELAY_CHANNEL } from "./channels.ts";
import type { Database } from "./database.ts";
import { prepared } from "./statement.ts";

const announce = prepared(
  "announce_publisher",
  `SELECT pg_notify($1, $2::text || ' ' || current_schema())
   WHERE $3::bigint IS NULL OR EXISTS (SELECT FROM events WHERE id = $3 AND frame = $4)`,
);

/** Announces who publishes the log, by NOTIFY: that reaches the nodes on this database, and none on a copy of it. */
export class Publishers implements LogPublishers {
  readonly #database: Database;
  #listener: (session: string) => void = () => {};

  constructor(database: Database) {
    this.#database = database;
  }

  async announce(session: string, newest: LogRow | null): Promise<boolean> {
    const { id = null, frame = null } = newest ?? {};
    const [answer] = await this.#database.read(announce(RELAY_CHANNEL, session, id, frame));
    return answer?.rowCount === 1;
  }

  listen(listener: (session: string) => void): void {
    this.#listener = listener;
  }

  /** One was announced. */
  heard(session: string): void {
    this.#listener(session);
  }
}
