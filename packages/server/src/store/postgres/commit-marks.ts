import { randomUUID } from "node:crypto";
import type { Client } from "pg";
import { lockHead } from "./log-head.ts";
import { prepared, roundTrip, type Statement } from "./statement.ts";

const write = prepared(
  "write_mark",
  `INSERT INTO commit_marks (node, number) VALUES ($1, $2)
   ON CONFLICT (node) DO UPDATE SET number = excluded.number, at = excluded.at`,
);
const read = prepared("read_mark", "SELECT number FROM commit_marks WHERE node = $1");
const removeOld = prepared("old_marks", "DELETE FROM commit_marks WHERE at < now() - interval '1 day'");

/**
 * Each commit of this node numbers itself in the database, so that one whose answer was lost can be asked for. The
 * transaction's own id would not do: after a crash, the database gives another the id of one that it has not heard of.
 */
export class CommitMarks {
  readonly #node = randomUUID();
  #last = 0;

  /** The number of the next commit, and the statement that writes it there. */
  next(): { number: number; statement: Statement } {
    const number = ++this.#last;
    return { number, statement: write(this.#node, number) };
  }

  /**
   * Whether the last commit was made. Waits until it has ended for certain: until then it holds the log's head.
   * @param number of the last commit
   */
  async wasMade(client: Client, number: number): Promise<boolean> {
    const answers = await roundTrip(client, ["BEGIN", lockHead(), read(this.#node), "COMMIT"]);
    return answers[2]?.rows[0]?.number === String(number);
  }

  /** Removes those of nodes that are gone. */
  static async removeOld(client: Client): Promise<void> {
    await roundTrip(client, [removeOld()]);
  }
}
