import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, statSync, unlinkSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Target } from "../attempt.ts";
import { seal, unseal } from "./seal.ts";
import {
  isAbandonedDraft,
  parseEntry,
  Segment,
  type SegmentEntry,
  type SegmentHeader,
  segmentName,
} from "./segment.ts";

/** All segments together may take this much of the disk. */
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;

/** Where the spool lies unless told otherwise: in Mission Control's data folder. */
export function defaultSpoolFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.MISSION_CONTROL_DATA_DIR || join(homedir(), ".mission-control"), "spool");
}

/** The folder in which undelivered callbacks wait, shared by all agents of one user. */
export class Spool {
  readonly folder: string;
  #last = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Identifies a dispatch in file names: callbacks with the same key keep their order. */
  static key(url: string, taskId: string): string {
    return createHash("sha256").update(`${url}\n${taskId}`).digest("hex").slice(0, 16);
  }

  /** Begins a file for callbacks of one dispatch, making room by giving up the oldest that nobody works on. */
  begin(key: string, target: Target, now: number): Segment {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    this.#makeRoom();
    this.#last = Math.max(now, this.#last + 1);
    const sealed = isShared(target.url) ? null : seal(this.folder, target.secret, target.url);
    const header: SegmentHeader = { v: 1, url: target.url, sealed };
    return Segment.create(this.folder, segmentName(this.#last, key, randomBytes(4).toString("hex")), header);
  }

  /** All files, oldest first. */
  entries(): SegmentEntry[] {
    return this.#files()
      .map(parseEntry)
      .filter((entry) => entry !== undefined);
  }

  /**
   * Where a segment's callbacks go.
   * @param sharedSecret gives the shared secret of a URL, for callbacks that were signed with it
   * @returns `undefined` when their secret cannot be had here
   */
  target(
    header: SegmentHeader,
    sharedSecret: (url: string) => string | undefined = () => undefined,
  ): Target | undefined {
    const secret =
      header.sealed === null ? sharedSecret(header.url) : unseal(this.folder, header.sealed, header.url);
    return secret === undefined ? undefined : { url: header.url, secret };
  }

  #files(): string[] {
    try {
      return readdirSync(this.folder)
        .sort()
        .map((name) => join(this.folder, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }

  #makeRoom(): void {
    for (const path of this.#files().filter(isAbandonedDraft)) unlinkSync(path);
    const files = this.entries().map((entry) => ({ entry, size: sizeOf(entry.path) }));
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { entry, size } of files) {
      if (total <= MAX_TOTAL_BYTES) return;
      if (entry.owned) continue;
      unlinkSync(entry.path);
      total -= size;
      process.emitWarning(`Undelivered callbacks were given up to keep the spool in ${this.folder} small.`);
    }
  }
}

/** The shared callback URL names no dispatch; its secret can speak for every agent. */
function isShared(url: string): boolean {
  return new URL(url).pathname.replace(/\/+$/, "").endsWith("/callback");
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
