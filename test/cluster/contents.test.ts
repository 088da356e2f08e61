import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import type { Contents } from "../../packages/server/src/store/contents.ts";
import { contentConformance, pieces, sha256Of } from "../../packages/server/test/conformance/contents.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";

let server: PostgresServer;
const places = new Map<Contents, Place>();

before(async () => {
  server = await PostgresServer.start();
});
after(async () => {
  await Promise.all([...places.values()].map((place) => place.discard()));
  await server.discard();
});

contentConformance("PostgreSQL", {
  async open(maxTotalBytes) {
    const place = await Place.make(server);
    const contents = (await place.open()).contents(maxTotalBytes);
    places.set(contents, place);
    return contents;
  },
  async discard(contents) {
    await places.get(contents)?.discard();
    places.delete(contents);
  },
});

test("what one node keeps another gives, and neither removes it while an artifact has it", async (context) => {
  const place = await Place.of(context, server);
  const [one, other] = await Promise.all([place.open(), place.open()]);
  const bytes = randomBytes(600_000);
  const sha256 = sha256Of(bytes);
  await one.contents(2 ** 40).keep(pieces(bytes), { sha256, size: bytes.length, maxBytes: bytes.length });
  await place.query(
    `INSERT INTO tasks (id, status, priority, record, texts, tags) VALUES ('t1', 'failed', 1, '{}', '{}', '{}')`,
  );
  await place.query(
    `INSERT INTO artifacts (id, task_id, sha256, record) VALUES ('x', 't1', '${sha256}', '{}')`,
  );
  const contents = other.contents(2 ** 40);
  assert.equal(await contents.clean(async () => new Set(), -1000), 0);
  const read: Uint8Array[] = [];
  for await (const piece of (await contents.read(sha256))?.bytes ?? []) read.push(piece);
  assert.deepEqual(Buffer.concat(read), bytes);
  await place.query("DELETE FROM tasks");
  assert.equal(await contents.clean(async () => new Set(), -1000), 1);
  assert.equal(await one.contents(2 ** 40).read(sha256), null);
});
