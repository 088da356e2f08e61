import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { ContentError, type Contents } from "../../src/store/contents.ts";

/** What the suite needs to know of a place for contents. */
export interface ContentPlace {
  /** Opens a new, empty place that takes so many bytes together. */
  open(maxTotalBytes: number): Promise<Contents>;
  discard(contents: Contents): Promise<void>;
}

export async function* pieces(...all: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* all;
}

export function sha256Of(...all: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const piece of all) hash.update(piece);
  return hash.digest("hex");
}

async function whole(contents: Contents, sha256: string): Promise<Buffer | null> {
  const content = await contents.read(sha256);
  if (!content) return null;
  const read: Uint8Array[] = [];
  for await (const piece of content.bytes) read.push(piece);
  const bytes = Buffer.concat(read);
  assert.equal(bytes.length, content.size);
  return bytes;
}

function keep(
  contents: Contents,
  all: readonly Uint8Array[],
  more: { sha256?: string; maxBytes?: number } = {},
) {
  const size = all.reduce((sum, { length }) => sum + length, 0);
  const promised = { sha256: sha256Of(...all), size: null, maxBytes: size, ...more };
  return contents.keep(pieces(...all), promised);
}

const refusedAs = (code: ContentError["code"]) => (error: unknown) =>
  error instanceof ContentError && error.code === code;

const NOTHING_USED = async () => new Set<string>();

/** What every place for contents must do, as tests. */
export function contentConformance(name: string, place: ContentPlace): void {
  const opened = (title: string, run: (contents: Contents) => Promise<void>, maxTotalBytes = 2 ** 40) =>
    test(`${name}: ${title}`, async () => {
      const contents = await place.open(maxTotalBytes);
      await run(contents).finally(() => place.discard(contents));
    });

  opened(
    "bytes read back as they came, in whatever pieces, and equal ones are kept once",
    async (contents) => {
      const large = [randomBytes(1), randomBytes(700_000), randomBytes(3)];
      const size = await keep(contents, large);
      assert.equal(size, 700_004);
      const sha256 = sha256Of(...large);
      assert.deepEqual(await whole(contents, sha256), Buffer.concat(large));
      await Promise.all([keep(contents, [Buffer.concat(large)]), keep(contents, large)]);
      assert.equal(await contents.total(), 700_004);
      assert.equal(await keep(contents, []), 0);
      assert.deepEqual(await whole(contents, sha256Of()), Buffer.alloc(0));
      assert.equal(await contents.read("0".repeat(64)), null);
    },
  );

  opened("what is not as it was promised is not kept, nor what breaks off", async (contents) => {
    const bytes = randomBytes(400_000);
    const other = sha256Of(randomBytes(1));
    await assert.rejects(keep(contents, [bytes], { sha256: other }), refusedAs("mismatch"));
    await assert.rejects(keep(contents, [bytes, bytes], { maxBytes: 400_000 }), refusedAs("too_large"));
    const gone = new Error("gone");
    const broken = async function* () {
      yield bytes;
      throw gone;
    };
    const promised = { sha256: sha256Of(bytes), size: 400_000, maxBytes: 400_000 };
    await assert.rejects(contents.keep(broken(), promised), (error) => error === gone);
    assert.equal(await contents.read(other), null);
    assert.equal(await contents.read(promised.sha256), null);
    assert.equal(await contents.total(), 0);
  });

  opened(
    "there is no room for more than all may take, and is again once something is gone",
    async (contents) => {
      const first = randomBytes(600_000);
      await keep(contents, [first]);
      const second = randomBytes(600_000);
      await assert.rejects(keep(contents, [second]), (error: unknown) => {
        assert.ok(refusedAs("no_room")(error));
        assert.match((error as Error).message, /delete tasks/);
        return true;
      });
      assert.equal(await contents.clean(NOTHING_USED, -1000), 1);
      await keep(contents, [second]);
      assert.equal(await whole(contents, sha256Of(first)), null);
    },
    1_000_000,
  );

  opened("what is young stays, whether anything refers to it or not", async (contents) => {
    const bytes = randomBytes(10);
    await keep(contents, [bytes]);
    assert.equal(await contents.clean(NOTHING_USED), 0);
    assert.deepEqual(await whole(contents, sha256Of(bytes)), bytes);
  });
}
