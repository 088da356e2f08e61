import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { InsightFact } from "../../tasks/insight-fact.ts";
import type {
  InsightCounts,
  InsightPolicy,
  InsightQuery,
  InsightRow,
  PastAttempt,
  UncountedFact,
} from "../insights.ts";
import { Statements } from "./statements.ts";

const BUCKET_LENGTHS = { day: 10, hour: 13 } as const;

/** Facts that are not counted yet, and counts by hour and day. */
export class InsightTable {
  readonly #statements: Statements;
  readonly #addFact: StatementSync;
  readonly #removeFacts: StatementSync;
  readonly #put: StatementSync;

  constructor(db: DatabaseSync) {
    this.#statements = new Statements(db);
    this.#addFact = db.prepare("INSERT INTO insight_facts (fact) VALUES (?)");
    this.#removeFacts = db.prepare("DELETE FROM insight_facts WHERE seq IN (SELECT value FROM json_each(?))");
    this.#put = db.prepare(
      `INSERT INTO insight_counts (bucket, agent_id, tag, counts) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET counts = excluded.counts`,
    );
  }

  /** Part of the surrounding commit. */
  add(fact: InsightFact): void {
    this.#addFact.run(JSON.stringify(fact));
  }

  uncounted(limit: number): UncountedFact[] {
    return this.#statements
      .get("SELECT seq, fact FROM insight_facts ORDER BY seq LIMIT ?")
      .all(limit)
      .map(({ seq, fact }) => ({
        seq: Number(seq),
        fact: JSON.parse(String(fact)) as InsightFact | PastAttempt,
      }));
  }

  /** All rows of a bucket. */
  bucket(bucket: string): InsightRow[] {
    return this.#statements
      .get(
        `SELECT bucket, agent_id, tag, counts FROM insight_counts WHERE bucket = ? AND length(bucket) = ${bucket.length}`,
      )
      .all(bucket)
      .map(rowOf);
  }

  /** Writes counts, and removes the facts that they are made of; part of the surrounding commit. */
  count(facts: readonly number[], rows: readonly InsightRow[]): void {
    for (const { bucket, agentId, tag, counts } of rows) {
      this.#put.run(bucket, agentId, tag, JSON.stringify(counts));
    }
    this.#removeFacts.run(JSON.stringify(facts));
  }

  find({ ranges, agentId, tag }: InsightQuery): InsightRow[] {
    return ranges.flatMap(({ from, to, length }) => {
      const conditions = [`bucket >= ? AND bucket < ? AND length(bucket) = ${BUCKET_LENGTHS[length]}`];
      const values = [from, to];
      for (const [column, asked] of [
        ["agent_id", agentId],
        ["tag", tag],
      ] as const) {
        conditions.push(typeof asked === "string" ? `${column} = ?` : `${column} <> ''`);
        if (typeof asked === "string") values.push(asked);
      }
      return this.#statements
        .get(`SELECT bucket, agent_id, tag, counts FROM insight_counts WHERE ${conditions.join(" AND ")}`)
        .all(...values)
        .map(rowOf);
    });
  }

  /** Part of the surrounding commit. @returns whether more may be left to remove */
  prune({ hoursBefore, daysBefore, rows }: Omit<InsightPolicy, "under">): boolean {
    let removed = 0;
    for (const [before, length] of [
      [hoursBefore, BUCKET_LENGTHS.hour],
      [daysBefore, BUCKET_LENGTHS.day],
    ] as const) {
      const { changes } = this.#statements
        .get(
          `DELETE FROM insight_counts WHERE (agent_id, tag, bucket) IN (
             SELECT agent_id, tag, bucket FROM insight_counts
             WHERE bucket < ? AND length(bucket) = ${length} ORDER BY bucket LIMIT ?)`,
        )
        .run(before, rows);
      removed = Math.max(removed, Number(changes));
    }
    return removed === rows;
  }
}

function rowOf(row: Record<string, unknown>): InsightRow {
  return {
    bucket: String(row.bucket),
    agentId: String(row.agent_id),
    tag: String(row.tag),
    counts: JSON.parse(String(row.counts)) as InsightCounts,
  };
}
