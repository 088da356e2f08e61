import type { QueryResult } from "pg";
import type { InsightFact } from "../../tasks/insight-fact.ts";
import type {
  CountedFacts,
  InsightCounts,
  InsightPolicy,
  InsightQuery,
  InsightRow,
  InsightSnapshot,
  PastAttempt,
  UncountedFact,
} from "../insights.ts";
import { FencedError } from "../operations.ts";
import type { Database } from "./database.ts";
import { prepared, roundTrip, type Statement } from "./statement.ts";

const BUCKET_LENGTHS = { day: 10, hour: 13 } as const;
const COLUMNS = "bucket, agent_id, tag, counts";

const selectFacts = prepared("insight_facts", "SELECT seq, fact FROM insight_facts ORDER BY seq LIMIT $1");
const selectBucket = {
  10: prepared(
    "insight_day",
    `SELECT ${COLUMNS} FROM insight_counts WHERE bucket = $1 AND length(bucket) = 10`,
  ),
  13: prepared(
    "insight_hour",
    `SELECT ${COLUMNS} FROM insight_counts WHERE bucket = $1 AND length(bucket) = 13`,
  ),
} as const;
const selectHead = prepared("insights_head", "SELECT newest FROM log_head");
/** Shared: the lease does not change hands before the end of this transaction. */
const lockFence = prepared("lock_insight_fence", "SELECT fence FROM leases WHERE name = $1 FOR SHARE");
const putCounts = prepared(
  "put_insight_counts",
  `INSERT INTO insight_counts (${COLUMNS}) SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
   ON CONFLICT (agent_id, tag, bucket) DO UPDATE SET counts = excluded.counts`,
);
const removeFacts = prepared(
  "remove_insight_facts",
  "DELETE FROM insight_facts WHERE seq = ANY($1::bigint[])",
);
const pruneOf = (length: 10 | 13) =>
  prepared(
    `prune_insights_${length}`,
    `DELETE FROM insight_counts WHERE (agent_id, tag, bucket) IN (
       SELECT agent_id, tag, bucket FROM insight_counts
       WHERE bucket < $1 AND length(bucket) = ${length} ORDER BY bucket LIMIT $2)`,
  );
const pruneDays = pruneOf(10);
const pruneHours = pruneOf(13);

/** Facts that are not counted yet, and counts by hour and day. @see InsightStore */
export class InsightTables {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async uncounted(limit: number): Promise<UncountedFact[]> {
    const [answer] = await this.#database.read(selectFacts(limit));
    return factsOf(answer);
  }

  async bucket(bucket: string): Promise<InsightRow[]> {
    const select = bucket.length === 10 ? selectBucket[10] : selectBucket[13];
    const [answer] = await this.#database.read(select(bucket));
    return rowsOf(answer);
  }

  async count({ facts, rows, under }: CountedFacts): Promise<void> {
    await this.#underLease(under, [
      putCounts(
        rows.map(({ bucket }) => bucket),
        rows.map(({ agentId }) => agentId),
        rows.map(({ tag }) => tag),
        rows.map(({ counts }) => JSON.stringify(counts)),
      ),
      removeFacts(facts),
    ]);
  }

  async find(queries: readonly InsightQuery[], uncounted: number): Promise<InsightSnapshot> {
    const statements = queries.map(selectionsOf);
    const [head, facts, ...found] = await this.#database.readAtOnce(
      selectHead(),
      selectFacts(uncounted),
      ...statements.flat(),
    );
    const answers = found[Symbol.iterator]();
    return {
      rows: statements.map((each) => each.flatMap(() => rowsOf(answers.next().value))),
      uncounted: factsOf(facts),
      lastEventId: Number(head?.rows[0]?.newest),
    };
  }

  async prune({ hoursBefore, daysBefore, rows, under }: InsightPolicy): Promise<boolean> {
    const gone = await this.#underLease(under, [pruneHours(hoursBefore, rows), pruneDays(daysBefore, rows)]);
    return gone.some(({ rowCount }) => rowCount === rows);
  }

  #underLease(under: CountedFacts["under"], statements: readonly Statement[]): Promise<QueryResult[]> {
    return this.#database.with(async (client) => {
      const [, lease] = await roundTrip(client, ["BEGIN", lockFence(under.name)]);
      if (lease?.rows[0]?.fence !== String(under.fence)) throw new FencedError(under.name);
      return (await roundTrip(client, [...statements, "COMMIT"])).slice(0, -1);
    });
  }
}

/** The statements that read what a query asks for, one for each of its ranges. */
function selectionsOf({ ranges, agentId, tag }: InsightQuery): Statement[] {
  return ranges.map(({ from, to, length }) => {
    const values: string[] = [from, to];
    const conditions: string[] = [];
    for (const [column, asked] of [
      ["agent_id", agentId],
      ["tag", tag],
    ] as const) {
      conditions.push(typeof asked === "string" ? `${column} = $${values.push(asked)}` : `${column} <> ''`);
    }
    const kinds = [agentId, tag].map((asked) => (typeof asked === "string" ? "one" : "each"));
    return prepared(
      `insights_${length}_${kinds.join("_")}`,
      `SELECT ${COLUMNS} FROM insight_counts
       WHERE bucket >= $1 AND bucket < $2 AND length(bucket) = ${BUCKET_LENGTHS[length]} AND ${conditions.join(" AND ")}`,
    )(...values);
  });
}

function factsOf(answer: QueryResult | undefined): UncountedFact[] {
  return (answer?.rows ?? []).map(({ seq, fact }) => ({
    seq: Number(seq),
    fact: JSON.parse(fact) as InsightFact | PastAttempt,
  }));
}

function rowsOf(answer: QueryResult | undefined): InsightRow[] {
  return (answer?.rows ?? []).map(({ bucket, agent_id, tag, counts }) => ({
    bucket,
    agentId: agent_id,
    tag,
    counts: JSON.parse(counts) as InsightCounts,
  }));
}
