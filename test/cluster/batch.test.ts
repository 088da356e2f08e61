import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Client } from "pg";
import { Database } from "../../packages/server/src/store/postgres/database.ts";
import { batch, prepared, roundTrip } from "../../packages/server/src/store/postgres/statement.ts";
import { PostgresServer } from "./postgres-server.ts";

const echo = prepared(
  "echo",
  "SELECT text, place::int FROM unnest($1::text[]) WITH ORDINALITY AS t (text, place)",
);
const divide = prepared("divide", "SELECT 1 / $1::int AS result");
const one = prepared("one", "SELECT 1 AS result");

let server: PostgresServer;
let database: Database;
let client: Client;

before(async () => {
  server = await PostgresServer.start();
  database = new Database(server.url());
  client = await database.connect();
});
after(async () => {
  await client.end();
  await database.close();
  await server.discard();
});

test("statements that are sent together are answered each, in order", async () => {
  const answers = await batch(client, ["BEGIN", one(), "SELECT 2 AS result", divide(1), "COMMIT"]);
  assert.deepEqual(
    answers.map(({ command, rows }) => [command, ...rows.map(({ result }) => result)]),
    [["BEGIN"], ["SELECT", 1], ["SELECT", 2], ["SELECT", 1], ["COMMIT"]],
  );
});

test("arrays of texts come as they were sent", async () => {
  const texts = ["", "NULL", null, '{"a":"\\\\ \\" ,}', "ä €\u{1f600}", "\n", "x".repeat(100_000)];
  for (const values of [texts, [], [null], [null, "a"]]) {
    const [answer] = await batch(client, [echo(values)]);
    assert.deepEqual(
      answer?.rows.map(({ text }) => text),
      values,
    );
  }
});

test("what stands behind a statement that failed is not done, and prepared when it is asked for next", async () => {
  const fresh = prepared("fresh", "SELECT 3 AS result");
  const failed = batch(client, [divide(0), fresh()]);
  // Sent before it is known that the one before has failed.
  const next = batch(client, [fresh()]);
  await assert.rejects(failed, { code: "22012" });
  assert.equal((await next)[0]?.rows[0]?.result, 3);
  assert.equal((await batch(client, [fresh()]))[0]?.rows[0]?.result, 3);
});

test("a transaction that fails leaves the connection to those behind it", async () => {
  const failed = roundTrip(client, ["BEGIN", divide(0), "COMMIT"]);
  const next = roundTrip(client, [one()]);
  await assert.rejects(failed, { code: "22012" });
  assert.equal((await next)[0]?.rows[0]?.result, 1);
});
