import type { Client } from "pg";
import type { Database } from "./database.ts";
import { beThere } from "./presence.ts";

/** Between two looks that nobody asked for: what a lost NOTIFY delays, in milliseconds. */
const LOOK_MS = 1000;
/** Between two tries to listen again. */
const AGAIN_MS = 500;

/**
 * @param news what came with NOTIFY; absent where nothing came, and it is only time to look
 * @param sender process of the database that sent it
 */
export type Wake = (news?: string, sender?: number) => void;

/**
 * Calls those who wait for news of other nodes when NOTIFY says that there may be some, after every time the
 * connection was away, and now and then in any case.
 */
export class Wakes {
  readonly #database: Database;
  readonly #channels: ReadonlyMap<string, Wake>;
  readonly #timer: NodeJS.Timeout;
  #client: Client | null = null;
  #again: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param channels what to call, by channel */
  constructor(database: Database, channels: ReadonlyMap<string, Wake>) {
    this.#database = database;
    this.#channels = channels;
    this.#timer = setInterval(() => this.#wakeAll(), LOOK_MS);
  }

  /**
   * Listens from now on. The connection also says that a server is there: it lasts as long as the server.
   * @throws MoveUnderWayError, or the driver's error where that fails the first time
   */
  async open(): Promise<void> {
    const client = await this.#database.connect(() => this.#lost(client));
    this.#client = client;
    try {
      await this.#listen(client);
    } catch (error) {
      // It may answer all the same: a replica that is not promoted yet lets nobody listen.
      this.#client = null;
      await client.end().catch(() => {});
      throw error;
    }
    if (this.#isClosed) await this.close();
    else this.#wakeAll();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#again);
    await this.#client?.end().catch(() => {});
  }

  async #listen(client: Client): Promise<void> {
    await beThere(client);
    const { rows } = await client.query("SELECT current_schema() AS schema");
    const own = String(rows[0]?.schema);
    client.on("notification", ({ channel, processId, payload = "" }) => {
      // Channels are the database's, and others may have a log in another schema of it.
      const [news = "", schema = own] = payload.split(/ (.*)/s, 2);
      if (schema === own) this.#channels.get(channel)?.(news, processId);
    });
    for (const channel of this.#channels.keys()) await client.query(`LISTEN ${channel}`);
  }

  #lost(client: Client): void {
    if (this.#client !== client) return;
    this.#client = null;
    this.#openLater();
  }

  #openLater(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#again);
    this.#again = setTimeout(() => {
      this.open().catch(() => this.#openLater());
    }, AGAIN_MS);
  }

  #wakeAll(): void {
    for (const wake of this.#channels.values()) wake();
  }
}
