import type { Client, ClientBase, QueryResult } from "pg";
import { Batch } from "./batch.ts";

/** A statement as it is prepared once on each connection. */
export interface Prepared {
  name: string;
  text: string;
}

/** A statement with the values of its parameters. Text alone has none, such as `BEGIN`. */
export type Statement = string | (Prepared & { values: unknown[] });

/** Makes a prepared statement of SQL text. Names are unique in the engine. */
export function prepared(name: string, text: string): (...values: unknown[]) => Statement {
  return (...values) => ({ name, text, values });
}

/**
 * Sends statements together and waits for all their answers: one round trip, however many they are. What follows one
 * that failed is not done, but for a `COMMIT` at the end, which then takes the transaction back.
 * @param client opened with `pipeline: true`
 * @throws the error of the statement that failed
 */
export async function roundTrip(
  client: Client | ClientBase,
  statements: readonly Statement[],
): Promise<QueryResult[]> {
  if (statements.at(-1) !== "COMMIT") return batch(client, statements);
  const [answers, end] = await Promise.allSettled([
    batch(client, statements.slice(0, -1)),
    batch(client, ["COMMIT"]),
  ]);
  if (answers.status === "rejected") throw answers.reason;
  if (end.status === "rejected") throw end.reason;
  return [...answers.value, ...end.value];
}

/**
 * Sends statements behind one Sync: the database does none after one that failed, and leaves a transaction open then.
 * @throws the error of the statement that failed
 */
export function batch(client: Client | ClientBase, statements: readonly Statement[]): Promise<QueryResult[]> {
  return new Promise((resolve, reject) => {
    client.query(new Batch(statements, resolve, reject));
  });
}
