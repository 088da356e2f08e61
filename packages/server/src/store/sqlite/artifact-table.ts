import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ArtifactRecord } from "../../tasks/artifact.ts";
import type { ArtifactPage } from "../store.ts";

/** What attempts have left behind, by task and by content. */
export class ArtifactTable {
  readonly #insert: StatementSync;
  readonly #page: StatementSync;
  readonly #select: StatementSync;
  readonly #inUse: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare("INSERT INTO artifacts (id, task_id, sha256, record) VALUES (?, ?, ?, ?)");
    this.#page = db.prepare(
      "SELECT seq, record FROM artifacts WHERE task_id = ? AND seq > ? ORDER BY seq LIMIT ?",
    );
    this.#select = db.prepare("SELECT record FROM artifacts WHERE id = ? AND task_id = ?");
    this.#inUse = db.prepare(
      "SELECT DISTINCT sha256 FROM artifacts WHERE sha256 IN (SELECT value FROM json_each(?))",
    );
  }

  /** Part of the surrounding commit. */
  add(artifact: ArtifactRecord): void {
    this.#insert.run(artifact.id, artifact.taskId, artifact.sha256, JSON.stringify(artifact));
  }

  /** @see Store.artifacts */
  page(taskId: string, after: number, limit: number): ArtifactPage {
    const rows = this.#page.all(taskId, after, limit + 1);
    const last = rows[limit - 1];
    return {
      items: rows.slice(0, limit).map(artifactOf),
      nextCursor: rows.length > limit && last ? String(last.seq) : null,
    };
  }

  get(taskId: string, id: string): ArtifactRecord | null {
    const row = this.#select.get(id, taskId);
    return row ? artifactOf(row) : null;
  }

  /** @see Store.contentsInUse */
  inUse(sha256s: readonly string[]): Set<string> {
    return new Set(this.#inUse.all(JSON.stringify(sha256s)).map(({ sha256 }) => String(sha256)));
  }
}

function artifactOf(row: Record<string, unknown>): ArtifactRecord {
  return JSON.parse(String(row.record)) as ArtifactRecord;
}
