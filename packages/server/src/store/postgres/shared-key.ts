import type { Database } from "./database.ts";
import { prepared } from "./statement.ts";

const addKey = prepared(
  "add_key",
  "INSERT INTO keys (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
);
const selectKey = prepared("key", "SELECT value FROM keys WHERE name = $1");

/** @see SharedKeys.sharedKey */
export async function sharedKey(database: Database, name: string, candidate: string): Promise<string> {
  const [, kept] = await database.read(addKey(name, candidate), selectKey(name));
  return kept?.rows[0]?.value;
}
