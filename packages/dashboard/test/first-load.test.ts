import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/** The budget of issue and design: compressed JavaScript of the first page. */
const BUDGET_BYTES = 150_000;
const dist = fileURLToPath(new URL("../dist", import.meta.url));

interface Chunk {
  file: string;
  isEntry?: boolean;
  imports?: string[];
}

test("the first load stays under 150 kB of compressed JavaScript", () => {
  const manifest = JSON.parse(readFileSync(join(dist, ".vite/manifest.json"), "utf8")) as Record<
    string,
    Chunk
  >;
  const wanted = Object.keys(manifest).filter((name) => manifest[name]?.isEntry);
  assert.ok(wanted.length > 0, "The build has no entry.");
  const files = new Set<string>();
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    const chunk = manifest[name];
    if (!chunk || files.has(chunk.file)) continue;
    files.add(chunk.file);
    wanted.push(...(chunk.imports ?? []));
  }
  // The connection's worker is loaded at once too; bundled by itself, it is not in the manifest's imports.
  const page = [...files].map((file) => readFileSync(join(dist, file)));
  const names = page.join("").match(/worker-[\w-]+\.js/g) ?? [];
  const worker = [...new Set(names)].map((name) => readFileSync(join(dist, "assets", name)));
  assert.equal(worker.length, 1, "The build has one worker.");
  const bytes = [...page, ...worker].reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0);
  console.log(`First load: ${(bytes / 1_000).toFixed(1)} kB of JavaScript, gzip.`);
  assert.ok(bytes < BUDGET_BYTES, `${bytes} bytes`);
});
