import type { ExchangeRequest, ExchangeResult, ExchangeTry, ExchangeView } from "@mission-control/protocol";
import { idAt, newId } from "../ids.ts";
import type { LeaseToken } from "./operations.ts";

/** What is kept: a `request` that was sent to an agent, or a callback that was `refused`. */
export type ExchangeKind = "request" | "refused";

/** An exchange as it is kept. Its id begins with its kind, and sorts by the time at which it was over. */
export interface ExchangeRecord extends Omit<ExchangeView, "endpointId" | "eventId"> {
  request?: ExchangeRequest;
  tries: ExchangeTry[];
}

/** An exchange as it is written: in JSON, beside what it is found by. */
export interface ExchangeRow {
  id: string;
  result: ExchangeResult;
  agentId: string | null;
  taskId: string | null;
  dispatchId: string | null;
  /** Length of its JSON in bytes. */
  bytes: number;
  record: string;
}

/** Which exchanges are asked for, newest first; an absent field matches all. */
export interface KeptExchangeQuery {
  kind: ExchangeKind;
  result?: ExchangeResult | undefined;
  agentId?: string | undefined;
  taskId?: string | undefined;
  dispatchId?: string | undefined;
  /** Not before this time; ISO 8601. */
  from?: string | undefined;
  /** Ids below this one: the last of the page before, or {@link firstIdAt} of a time. Absent, from the newest on. */
  before?: string | undefined;
  limit: number;
}

/** What is kept of one kind: the newest so many, of so many bytes together, and nothing from before a time. */
export interface ExchangePolicy {
  kind: ExchangeKind;
  keep: number;
  maxBytes: number;
  /** ISO 8601. */
  before: string;
  /** So many rows are removed at most. */
  rows: number;
  under: LeaseToken;
}

/** What was sent to agents, and callbacks that were refused, as a store keeps them: beside the log, each as it was. */
export interface ExchangeStore {
  /** Keeps exchanges that are over, each once however often it comes. */
  addExchanges(exchanges: readonly ExchangeRow[]): Promise<void>;
  /** Null when there is none, or not any more. */
  exchange(id: string): Promise<ExchangeRecord | null>;
  /** Those that a query finds. */
  exchanges(query: KeptExchangeQuery): Promise<ExchangeRecord[]>;
  /** Removes old ones. Resolves to whether more may be left to remove. */
  pruneExchanges(policy: ExchangePolicy): Promise<boolean>;
}

/** The id of an exchange that is over now. */
export function newExchangeId(kind: ExchangeKind, now: Date): string {
  return newId(kind, now.getTime());
}

/** The lowest id that an exchange of a kind can have which was over at a time, or later. */
export function firstIdAt(kind: ExchangeKind, time: string): string {
  return idAt(kind, Date.parse(time));
}

/** The ids of a kind: from the first on, below the second. */
export function idRange(kind: ExchangeKind): [from: string, below: string] {
  // The character after "_", which stands behind the prefix.
  return [`${kind}_`, `${kind}\``];
}

/** An exchange as its row holds it. */
export function exchangeRow(exchange: ExchangeRecord): ExchangeRow {
  const { id, result, agentId = null, taskId = null, dispatchId = null } = exchange;
  const record = JSON.stringify(exchange);
  return { id, result, agentId, taskId, dispatchId, bytes: Buffer.byteLength(record), record };
}
