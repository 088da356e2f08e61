import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { SeedSize } from "../bench.ts";
import type { Build } from "../subjects/mission-control.ts";

const program = fileURLToPath(new URL("seed.ts", import.meta.url));

/** Data folders that tables start a server on: each is made once a run, when the first table wants it. */
export class Seeds {
  readonly #made = new Map<string, Promise<string>>();

  /** The folder with that many events and tasks, written by the build's own store. Do not write to it. */
  folder(build: Build, size: SeedSize): Promise<string> {
    const key = `${build.root} ${size.events} ${size.tasks}`;
    const made = this.#made.get(key) ?? make(build, size);
    this.#made.set(key, made);
    return made;
  }

  async close(): Promise<void> {
    for (const made of this.#made.values()) {
      const folder = await made.catch(() => undefined);
      if (folder) await rm(folder, { recursive: true, force: true });
    }
  }
}

async function make(build: Build, { events, tasks }: SeedSize): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bench-seed-"));
  const startedAt = performance.now();
  try {
    await promisify(execFile)(process.execPath, [program, build.root, folder, String(events), String(tasks)]);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  console.log(`(A data folder with ${events} events and ${tasks} tasks took ${seconds} s.)`);
  return folder;
}
