import type { TestContext } from "node:test";
import pg from "pg";
import {
  PostgresStore,
  type PostgresStoreOptions,
} from "../../packages/server/src/store/postgres/postgres-store.ts";
import type { PostgresServer } from "./postgres-server.ts";

let places = 0;

/** An empty schema of a database, in which stores are opened, one a node. */
export class Place {
  readonly #server: PostgresServer;
  readonly #opened = new Set<PostgresStore>();
  readonly schema: string;

  private constructor(server: PostgresServer) {
    this.#server = server;
    this.schema = `place_${++places}`;
  }

  static async make(server: PostgresServer): Promise<Place> {
    const place = new Place(server);
    await place.query(`CREATE SCHEMA ${place.schema}`);
    return place;
  }

  /** Makes one that goes with the test. */
  static async of(context: TestContext, server: PostgresServer): Promise<Place> {
    const place = await Place.make(server);
    context.after(() => place.discard());
    return place;
  }

  get url(): string {
    return this.#server.url(this.schema);
  }

  /** @param url another way to it than {@link url} */
  async open(options: Omit<PostgresStoreOptions, "url"> = {}, url = this.url): Promise<PostgresStore> {
    const store = await PostgresStore.open({ ...options, url });
    this.#opened.add(store);
    return store;
  }

  /** @returns the rows of the last statement */
  async query(sql: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client(this.url);
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async discard(): Promise<void> {
    await Promise.all([...this.#opened].map((store) => store.close()));
    await this.query(`DROP SCHEMA ${this.schema} CASCADE`);
  }
}
