import type { AttemptStep, AttemptSummary, LogChange, RecordStep } from "./log-change.ts";
import type { RecordKind, RecordKinds } from "./records.ts";

/** What a record is known by. */
export type RecordName = Pick<RecordStep, "kind" | "id">;

/** A summary as it is kept: what is false or absent is left out. */
type KeptSummary = Partial<AttemptSummary>;

/** A step as it is kept: the attempt as the step leaves it, and of what was before only what differed; null where it was absent. */
interface KeptStep extends KeptSummary {
  /** Null for an attempt that was created. */
  was: { [Name in keyof AttemptSummary]?: AttemptSummary[Name] | null } | null;
  /** Whether it was deleted; then it is kept as it was before. */
  deleted?: true;
}

/** A change as it is kept: records are named, not repeated. Earlier versions kept steps as they are. */
interface KeptChange extends Omit<LogChange, "attempts" | "records"> {
  attempts?: readonly (KeptStep | AttemptStep)[];
  records?: readonly RecordName[];
}

/** A change as the log keeps it, in JSON. */
export function encodeChange({ attempts, records, ...others }: LogChange): string {
  const kept: KeptChange = others;
  if (attempts) kept.attempts = attempts.map(keptStep);
  if (records) kept.records = records.map(({ kind, id }) => ({ kind, id }));
  return JSON.stringify(kept);
}

/** @param recordOf gives the records that it names, as they are now */
export function decodeChange(
  text: string,
  recordOf: (kind: RecordKind, id: string) => RecordKinds[RecordKind] | null,
): LogChange {
  const { attempts, records, ...others } = JSON.parse(text) as KeptChange;
  const change: LogChange = others;
  if (attempts) change.attempts = attempts.map(stepOf);
  if (records) change.records = records.map(({ kind, id }) => ({ kind, id, record: recordOf(kind, id) }));
  return change;
}

/** The records that a change names. */
export function recordsNamed(text: string | null): readonly RecordName[] {
  // Most changes name none, and are not read for that.
  return !text?.includes('"records":') ? [] : ((JSON.parse(text) as KeptChange).records ?? []);
}

const FIELDS: Record<keyof AttemptSummary, true> = {
  ...{ id: true, taskId: true, agentId: true, state: true },
  ...{ usage: true, runEnded: true, isAsking: true, asksUntil: true },
};
const NAMES = Object.keys(FIELDS) as (keyof AttemptSummary)[];

function keptStep({ before, after }: AttemptStep): KeptStep {
  if (!after) return { ...keptSummary(before as AttemptSummary), was: {}, deleted: true };
  if (!before) return { ...keptSummary(after), was: null };
  const was: Record<string, unknown> = {};
  for (const name of NAMES) if (before[name] !== after[name]) was[name] = before[name] ?? null;
  return { ...keptSummary(after), was };
}

function keptSummary({ runEnded, isAsking, ...others }: AttemptSummary): KeptSummary {
  return { ...others, ...(runEnded ? { runEnded } : {}), ...(isAsking ? { isAsking } : {}) };
}

function stepOf(kept: KeptStep | AttemptStep): AttemptStep {
  if (!("was" in kept)) return kept;
  const { was, deleted, ...summary } = kept;
  const after = { runEnded: false, isAsking: false, ...summary } as AttemptSummary;
  if (deleted) return { before: after, after: null };
  if (!was) return { before: null, after };
  const before: Record<string, unknown> = { ...after, ...was };
  for (const name of NAMES) if (before[name] === null) delete before[name];
  return { before: before as unknown as AttemptSummary, after };
}
