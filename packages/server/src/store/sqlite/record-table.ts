import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { RecordKind, RecordKinds } from "../records.ts";

/** Records that are read and written whole, by kind and id. */
export class RecordTable {
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
    const row = this.#select.get(kind, id);
    return row ? (JSON.parse(String(row.record)) as RecordKinds[Kind]) : null;
  }

  all<Kind extends RecordKind>(kind: Kind): RecordKinds[Kind][] {
    return this.#all.all(kind).map((row) => JSON.parse(String(row.record)) as RecordKinds[Kind]);
  }

  /** @param record null to remove it; part of the surrounding commit */
  write<Kind extends RecordKind>(kind: Kind, id: string, record: RecordKinds[Kind] | null): void {
    if (record === null) this.#delete.run(kind, id);
    else this.#put.run(kind, id, JSON.stringify(record));
  }
}
