import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { contentConformance, pieces, sha256Of } from "../../test/conformance/contents.ts";
import { ContentFolder } from "./content-folder.ts";
import type { Contents } from "./contents.ts";

const folders = new Map<Contents, string>();

contentConformance("a folder", {
  async open(maxTotalBytes) {
    const folder = mkdtempSync(join(tmpdir(), "mission-control-contents-"));
    const contents = await ContentFolder.open({ folder, maxTotalBytes });
    folders.set(contents, folder);
    return contents;
  },
  async discard(contents) {
    await contents.close();
    rmSync(folders.get(contents) ?? "", { recursive: true });
  },
});

function newFolder(context: { after(done: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-contents-"));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a start forgets what was left half-way, and counts what is kept", async (context) => {
  const folder = newFolder(context);
  const bytes = Buffer.from("kept");
  const sha256 = sha256Of(bytes);
  const first = await ContentFolder.open({ folder, maxTotalBytes: 100 });
  await first.keep(pieces(bytes), { sha256, size: 4, maxBytes: 4 });
  writeFileSync(join(folder, "incoming", "half"), "half");
  mkdirSync(join(folder, "notes"));
  const second = await ContentFolder.open({ folder, maxTotalBytes: 100 });
  assert.deepEqual([await second.total(), readdirSync(join(folder, "incoming"))], [4, []]);
});

test("what an artifact has is kept however old it is; what none has goes once it is old", async (context) => {
  const folder = newFolder(context);
  const contents = await ContentFolder.open({ folder, maxTotalBytes: 100 });
  const [used = "", unused = ""] = ["used", "unused"].map((text) => sha256Of(Buffer.from(text)));
  for (const text of ["used", "unused"]) {
    const bytes = Buffer.from(text);
    await contents.keep(pieces(bytes), { sha256: sha256Of(bytes), size: bytes.length, maxBytes: 10 });
  }
  const old = new Date(Date.now() - 2 * 60 * 60_000);
  for (const sha256 of [used, unused]) utimesSync(join(folder, sha256.slice(0, 2), sha256), old, old);
  const asked: string[] = [];
  const inUse = async (sha256s: readonly string[]) => {
    asked.push(...sha256s);
    return new Set([used]);
  };
  assert.equal(await contents.clean(inUse), 1);
  assert.deepEqual(asked.sort(), [used, unused].sort());
  assert.deepEqual([(await contents.read(used))?.size, await contents.read(unused)], [4, null]);
  assert.equal(await contents.total(), 4);
});

test("what is kept again while it is asked about stays", async (context) => {
  const folder = newFolder(context);
  const contents = await ContentFolder.open({ folder, maxTotalBytes: 100 });
  const bytes = Buffer.from("again");
  const promised = { sha256: sha256Of(bytes), size: 5, maxBytes: 5 };
  await contents.keep(pieces(bytes), promised);
  const path = join(folder, promised.sha256.slice(0, 2), promised.sha256);
  utimesSync(path, new Date(0), new Date(0));
  const removed = await contents.clean(async () => {
    await contents.keep(pieces(bytes), promised);
    return new Set();
  });
  assert.equal(removed, 0);
  assert.equal((await contents.read(promised.sha256))?.size, 5);
});

test("a disk that is nearly full takes nothing more, so that commits can go on", async (context) => {
  const folder = newFolder(context);
  const freeBytes = async () => 64 * 1024 * 1024;
  const contents = await ContentFolder.open({ folder, maxTotalBytes: 100, freeBytes });
  const bytes = Buffer.from("x");
  const kept = contents.keep(pieces(bytes), { sha256: sha256Of(bytes), size: 1, maxBytes: 1 });
  await assert.rejects(kept, { code: "no_room", message: /lacks 65 MiB/ });
});
