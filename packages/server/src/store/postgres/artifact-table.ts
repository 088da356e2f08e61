import type { ArtifactRecord } from "../../tasks/artifact.ts";
import type { ArtifactPage } from "../store.ts";
import type { Database } from "./database.ts";
import { prepared } from "./statement.ts";

const selectPage = prepared(
  "artifacts",
  "SELECT seq, record FROM artifacts WHERE task_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
);
const selectOne = prepared("artifact", "SELECT record FROM artifacts WHERE id = $1 AND task_id = $2");
const selectInUse = prepared(
  "contents_in_use",
  "SELECT DISTINCT sha256 FROM artifacts WHERE sha256 = ANY($1)",
);

/** What attempts have left behind, by task and by content. */
export class ArtifactTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @see Store.artifacts */
  async page(taskId: string, after: number, limit: number): Promise<ArtifactPage> {
    const [answer] = await this.#database.read(selectPage(taskId, after, limit + 1));
    const rows = answer?.rows ?? [];
    return {
      items: rows.slice(0, limit).map(({ record }) => JSON.parse(record) as ArtifactRecord),
      nextCursor: rows.length > limit ? String(rows[limit - 1].seq) : null,
    };
  }

  async get(taskId: string, id: string): Promise<ArtifactRecord | null> {
    const [answer] = await this.#database.read(selectOne(id, taskId));
    const row = answer?.rows[0];
    return row ? (JSON.parse(row.record) as ArtifactRecord) : null;
  }

  /** @see Store.contentsInUse */
  async inUse(sha256s: readonly string[]): Promise<Set<string>> {
    const [answer] = await this.#database.read(selectInUse(sha256s));
    return new Set((answer?.rows ?? []).map(({ sha256 }) => sha256 as string));
  }
}
