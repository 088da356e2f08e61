import type { Client, QueryResult } from "pg";
import { endsConnection } from "./engine-error.ts";
import { roundTrip, type Statement } from "./statement.ts";

interface Slot {
  client: Promise<Client> | null;
  /** Round trips that are under way on it. */
  inHand: number;
}

/**
 * Connections that any number of round trips share: each is sent at once behind those under way, on the connection
 * that has the fewest, and nobody waits for one to be free. What a round trip begins, it must end.
 */
export class SharedConnections {
  readonly #connect: (lost: () => void) => Promise<Client>;
  readonly #slots: readonly Slot[];

  /**
   * @param count opened one after the other, as they are needed
   * @param connect opens one; `lost` is called when it ends
   */
  constructor(count: number, connect: (lost: () => void) => Promise<Client>) {
    this.#connect = connect;
    this.#slots = Array.from({ length: count }, () => ({ client: null, inHand: 0 }));
  }

  /** @throws the error of the first statement that failed */
  async roundTrip(statements: readonly Statement[]): Promise<QueryResult[]> {
    const slot = this.#slots.reduce((least, one) => (one.inHand < least.inHand ? one : least));
    slot.inHand++;
    const connection = this.#open(slot);
    try {
      return await roundTrip(await connection, statements);
    } catch (error) {
      if (endsConnection(error) && slot.client === connection) {
        slot.client = null;
        void connection.then((client) => client.end()).catch(() => {});
      }
      throw error;
    } finally {
      slot.inHand--;
    }
  }

  async close(): Promise<void> {
    const opened = this.#slots.map(({ client }) => client);
    await Promise.allSettled(opened.map(async (client) => (await client)?.end()));
  }

  #open(slot: Slot): Promise<Client> {
    if (slot.client) return slot.client;
    const client: Promise<Client> = this.#connect(() => {
      if (slot.client === client) slot.client = null;
    });
    slot.client = client;
    return client;
  }
}
