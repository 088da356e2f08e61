import type { DatabaseSync, StatementSync } from "node:sqlite";
import { LruMap } from "toad-cache";
import type { RecordKind, RecordKinds } from "../records.ts";

const CACHED_RECORDS = 1024;

/** Records that are read and written whole, by kind and id. */
export class RecordTable {
  /** Valid because one process owns the file; each claim of an agent's queue reads the agent. */
  readonly #cache = new LruMap<RecordKinds[RecordKind]>(CACHED_RECORDS);
  readonly #select: StatementSync;
  readonly #all: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare("SELECT record FROM records WHERE kind = ? AND id = ?");
    this.#all = db.prepare("SELECT record FROM records WHERE kind = ? ORDER BY id");
    this.#put = db.prepare(
      "INSERT INTO records (kind, id, record) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record",
    );
    this.#delete = db.prepare("DELETE FROM records WHERE kind = ? AND id = ?");
  }

  get<Kind extends RecordKind>(kind: Kind, id: string): RecordKinds[Kind] | null {
    const key = `${kind} ${id}`;
    const cached = this.#cache.get(key);
    if (cached) return cached as RecordKinds[Kind];
    const row = this.#select.get(kind, id);
    if (!row) return null;
    const record = JSON.parse(String(row.record)) as RecordKinds[Kind];
    this.#cache.set(key, record);
    return record;
  }

  all<Kind extends RecordKind>(kind: Kind): RecordKinds[Kind][] {
    return this.#all.all(kind).map((row) => JSON.parse(String(row.record)) as RecordKinds[Kind]);
  }

  /** @param record null to remove it; part of the surrounding commit */
  write<Kind extends RecordKind>(kind: Kind, id: string, record: RecordKinds[Kind] | null): void {
    const key = `${kind} ${id}`;
    if (record === null) {
      this.#delete.run(kind, id);
      this.#cache.delete(key);
    } else {
      this.#put.run(kind, id, JSON.stringify(record));
      this.#cache.set(key, record);
    }
  }

  /** A commit failed: what was cached may never have been stored. */
  rolledBack(): void {
    this.#cache.clear();
  }
}
