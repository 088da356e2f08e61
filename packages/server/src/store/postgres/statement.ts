import type { Writable } from "node:stream";
import type { Client, ClientBase, QueryResult } from "pg";

/** A statement as it is prepared once on each connection. */
export interface Prepared {
  name: string;
  text: string;
}

/** A statement with the values of its parameters. Text alone is sent as it is, such as `BEGIN`. */
export type Statement = string | (Prepared & { values: unknown[] });

/** Makes a prepared statement of SQL text. Names are unique in the engine. */
export function prepared(name: string, text: string): (...values: unknown[]) => Statement {
  return (...values) => ({ name, text, values });
}

/**
 * Sends statements together and waits for all their answers: one round trip, however many they are. Inside a
 * transaction, what follows a statement that failed fails too.
 * @param client opened with `pipeline: true`
 * @throws the error of the first statement that failed
 */
export async function roundTrip(
  client: Client | ClientBase,
  statements: readonly Statement[],
): Promise<QueryResult[]> {
  const answers = await answersTo(client, statements);
  return answers.map((answer) => {
    if (answer.status === "rejected") throw answer.reason;
    return answer.value;
  });
}

/**
 * The same with what became of each statement. They are written at once: the driver by itself would write each alone, at
 * the price of a call of the system and of waking the database up.
 */
export function answersTo(
  client: Client | ClientBase,
  statements: readonly Statement[],
): Promise<PromiseSettledResult<QueryResult>[]> {
  const { stream } = (client as unknown as { connection: { stream: Writable } }).connection;
  stream.cork();
  try {
    return Promise.allSettled(statements.map((one) => client.query(one)));
  } finally {
    stream.uncork();
  }
}
