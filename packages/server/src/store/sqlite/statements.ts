import type { DatabaseSync, StatementSync } from "node:sqlite";
import { LruMap } from "toad-cache";

/** More texts than the queries of this server have in all their forms, so that none of them is prepared twice. */
const MAX_STATEMENTS = 256;

/** Prepared statements by their text; the one not used for longest is dropped where there are too many. */
export class Statements {
  readonly #db: DatabaseSync;
  readonly #known = new LruMap<StatementSync>(MAX_STATEMENTS);

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** How many are kept. */
  get size(): number {
    return this.#known.size;
  }

  get(sql: string): StatementSync {
    const known = this.#known.get(sql);
    if (known) return known;
    const statement = this.#db.prepare(sql);
    this.#known.set(sql, statement);
    return statement;
  }
}
