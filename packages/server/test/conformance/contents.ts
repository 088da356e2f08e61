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

  opened("an upload that broke off goes on where it stopped, and is one content then", async (contents) => {
    const bytes = randomBytes(1_000_000);
    const part = { owner: "dispatch_1", sha256: sha256Of(bytes) };
    const promised = { sha256: part.sha256, size: bytes.length, maxBytes: bytes.length };
    const cutAt = async function* (at: number, from = 0) {
      yield bytes.subarray(from, at);
      throw new Error("gone");
    };
    assert.equal(await contents.offset(part), 0);
    await assert.rejects(contents.keep(cutAt(600_000), { ...promised, part: { ...part, from: 0 } }), /gone/);
    const from = await contents.offset(part);
    assert.ok(from > 300_000 && from <= 600_000, `${from} bytes`);
    assert.equal(await contents.total(), from);
    assert.equal(await contents.read(part.sha256), null);
    assert.equal(await contents.offset({ ...part, owner: "dispatch_2" }), 0);
    const elsewhere = { ...promised, part: { ...part, from: from - 1 } };
    await assert.rejects(contents.keep(pieces(bytes), elsewhere), (error: ContentError) => {
      assert.deepEqual([error.code, error.offset], ["offset", from]);
      return true;
    });
    const rest = pieces(bytes.subarray(from, 900_000), bytes.subarray(900_000));
    assert.equal(await contents.keep(rest, { ...promised, part: { ...part, from } }), bytes.length);
    assert.deepEqual(await whole(contents, part.sha256), bytes);
    assert.equal(await contents.offset(part), 0);
    assert.equal(await contents.total(), bytes.length);
  });

  opened(
    "an upload has one writer, the last one, and begins anew where its bytes were others",
    async (contents) => {
      const bytes = randomBytes(700_000);
      const part = { owner: "dispatch_1", sha256: sha256Of(bytes), from: 0 };
      const promised = { sha256: part.sha256, size: bytes.length, maxBytes: bytes.length, part };
      const { promise: held, resolve: goOn } = Promise.withResolvers<void>();
      const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
      const slow = async function* () {
        yield bytes.subarray(0, 600_000);
        isAsked();
        await held;
        yield bytes.subarray(600_000);
      };
      const first = assert.rejects(contents.keep(slow(), promised), refusedAs("replaced"));
      await asked;
      const from = await contents.offset(part);
      assert.ok(from > 0);
      goOn();
      await first;
      assert.equal(await contents.offset(part), from, "nothing more was added");
      const others = randomBytes(bytes.length - from);
      const wrong = { ...promised, part: { ...part, from } };
      await assert.rejects(contents.keep(pieces(others), wrong), refusedAs("mismatch"));
      assert.deepEqual([await contents.offset(part), await contents.total()], [0, 0]);
      assert.equal(await contents.keep(pieces(bytes), promised), bytes.length);
    },
  );

  opened(
    "uploads that are not gone on with are removed when they are old, and few of one owner wait",
    async (contents) => {
      const broken = async function* () {
        yield Buffer.alloc(300_000);
        throw new Error("gone");
      };
      const parts = Array.from({ length: 6 }, () => ({
        owner: "dispatch_1",
        sha256: sha256Of(randomBytes(8)),
      }));
      for (const part of parts) {
        const promised = {
          sha256: part.sha256,
          size: 400_000,
          maxBytes: 400_000,
          part: { ...part, from: 0 },
        };
        await assert.rejects(contents.keep(broken(), promised), /gone/);
      }
      const kept: boolean[] = [];
      for (const part of parts) kept.push((await contents.offset(part)) > 0);
      assert.deepEqual(kept, [false, false, true, true, true, true]);
      await contents.clean(NOTHING_USED);
      assert.ok((await contents.offset(parts[5] as (typeof parts)[0])) > 0);
      await contents.clean(NOTHING_USED, -1000);
      assert.equal(await contents.total(), 0);
    },
  );

  opened("a range of bytes is read without the others", async (contents) => {
    const bytes = randomBytes(700_000);
    await keep(contents, [bytes]);
    for (const [first, last] of [
      [0, 0],
      [1, 262_143],
      [262_143, 262_144],
      [300_000, 699_999],
    ] as const) {
      const read: Uint8Array[] = [];
      const content = await contents.read(sha256Of(bytes), { first, last });
      for await (const piece of content?.bytes ?? []) read.push(piece);
      assert.equal(content?.size, bytes.length);
      assert.deepEqual(Buffer.concat(read), bytes.subarray(first, last + 1));
    }
  });

  opened("what is young stays, whether anything refers to it or not", async (contents) => {
    const bytes = randomBytes(10);
    await keep(contents, [bytes]);
    assert.equal(await contents.clean(NOTHING_USED), 0);
    assert.deepEqual(await whole(contents, sha256Of(bytes)), bytes);
  });
}
