import type { InsightFact, UsedFact } from "../tasks/insight-fact.ts";
import type { LeaseToken } from "./operations.ts";

/**
 * An attempt from before facts were kept: what was known of it when the database was brought up to date. Its end is read
 * from the attempt itself.
 */
export interface PastAttempt {
  dispatchId: string;
  /** What it had used by then, as JSON of a usage; null for nothing. */
  usage: string | null;
  /** Whether it had ended. */
  isOver: boolean;
}

/** A fact that is not counted yet, with its place. */
export interface UncountedFact {
  seq: number;
  fact: InsightFact | PastAttempt;
}

/** So many durations in each bin of the histogram, by the bin's number; see insights/histogram.ts. */
export type Bins = Readonly<Record<string, number>>;

/** A reason for failures: how many, how the last one said it, and whose it was. */
export interface ReasonCount {
  count: number;
  text: string;
  taskId?: string | undefined;
}

/** What was counted in one bucket. Absent means none. */
export interface InsightCounts {
  /** By outcome. */
  ended?: Readonly<Record<string, number>>;
  queued?: Bins;
  worked?: Bins;
  waited?: Bins;
  /** By reason without its numbers and ids. */
  reasons?: Readonly<Record<string, ReasonCount>>;
  used?: UsedFact;
  /** Attempts that ended and whose agents never reported their cost, or their tokens. */
  untold?: Readonly<Record<string, number>>;
}

/**
 * What counts are kept by: an hour (`2026-11-30T10`) or a day (`2026-11-30`) of UTC, an agent and a tag; empty for
 * all agents, and for whatever tags.
 */
export interface InsightKey {
  bucket: string;
  agentId: string;
  tag: string;
}

/** What was counted of one bucket, agent and tag. */
export interface InsightRow extends InsightKey {
  counts: InsightCounts;
}

/** Buckets of one length, from the first to before the last. */
export interface BucketRange {
  from: string;
  to: string;
  length: "hour" | "day";
}

/** Which rows are asked for. */
export interface InsightQuery {
  ranges: readonly BucketRange[];
  /** Of which agent and tag; `each` gives every one, and leaves out the sum of all. */
  agentId: string | { each: true };
  tag: string | { each: true };
}

/** Counts, and what is not counted yet, at one moment. */
export interface InsightSnapshot {
  /** For each query that was asked. */
  rows: InsightRow[][];
  /** At most as many as were asked for. */
  uncounted: UncountedFact[];
  lastEventId: number;
}

/** What one step of counting writes, in one commit. */
export interface CountedFacts {
  /** The places of the facts that are in the rows now, and go. */
  facts: readonly number[];
  /** Rows as they are now. */
  rows: readonly InsightRow[];
  under: LeaseToken;
}

/** Which counts are too old to be kept: the hours and the days before these buckets. */
export interface InsightPolicy {
  hoursBefore: string;
  daysBefore: string;
  rows: number;
  under: LeaseToken;
}

/**
 * Counts of what happened, by hour and day. A commit writes facts beside what it does (draft.ts); whoever has the lease
 * adds them to the counts and removes them, in one commit: each is counted once, whatever happens in between.
 */
export interface InsightStore {
  /** The oldest facts that are not counted yet. */
  uncountedFacts(limit: number): Promise<UncountedFact[]>;
  /** All rows of a bucket. */
  insightRows(bucket: string): Promise<InsightRow[]>;
  /** Writes counts and removes the facts that they were made of. @throws FencedError */
  countFacts(counted: CountedFacts): Promise<void>;
  /** Reads counts at one moment, with the first `uncounted` facts that are not in them. */
  insights(queries: readonly InsightQuery[], uncounted: number): Promise<InsightSnapshot>;
  /** Removes hours and days before these, at most so many rows; resolves to whether more may be left. @throws FencedError */
  pruneInsights(policy: InsightPolicy): Promise<boolean>;
}
