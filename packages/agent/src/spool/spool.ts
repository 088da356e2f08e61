import { createHash, randomBytes } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Target } from "../target.ts";
import { assertDiskTakes, listFolder, prepareFolder } from "./folder.ts";
import { decodeSegment, newHeader, type SegmentHeader } from "./record.ts";
import { seal, unseal } from "./seal.ts";
import { Segment } from "./segment.ts";
import { isAbandonedDraft, isBroken, parseEntry, type SegmentEntry, segmentName } from "./segment-name.ts";

/** Where the spool lies unless told otherwise: in Mission Control's data folder. */
export function defaultSpoolFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.MISSION_CONTROL_DATA_DIR || join(homedir(), ".mission-control"), "spool");
}

/** The folder in which undelivered callbacks wait, shared by all agents of one user. */
export class Spool {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Identifies a dispatch in file names: callbacks with the same key keep their order. */
  static key(url: string, taskId: string): string {
    return createHash("sha256").update(`${url}\n${taskId}`).digest("hex").slice(0, 16);
  }

  /** Begins a file for callbacks of one dispatch. @throws SpoolError */
  begin(key: string, target: Target, now: number): Segment {
    prepareFolder(this.folder);
    const files = listFolder(this.folder);
    for (const path of files.filter(isAbandonedDraft)) rmSync(path, { force: true });
    const sealed = isShared(target.url) ? null : seal(this.folder, target.secret, target.url);
    // After what this dispatch has here already, also where the clock was set back meanwhile.
    const times = files.map(parseEntry).map((entry) => (entry?.key === key ? entry.time + 1 : 0));
    const name = segmentName(Math.max(now, ...times), key, randomBytes(4).toString("hex"));
    return Segment.create(this.folder, name, newHeader(target.url, sealed));
  }

  /** Why reports of a further attempt could not be kept; `undefined` when they can. */
  refusal(): string | undefined {
    try {
      prepareFolder(this.folder);
      assertDiskTakes(this.folder);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** All files that can be delivered, oldest first. @throws SpoolError `unsafe` */
  entries(): SegmentEntry[] {
    return listFolder(this.folder)
      .map(parseEntry)
      .filter((entry) => entry !== undefined);
  }

  /** Paths of what could not be read and waits for somebody to look at it. @throws SpoolError `unsafe` */
  broken(): string[] {
    return listFolder(this.folder).filter(isBroken);
  }

  /** Whether the end of an attempt waits here: its completion or failure. */
  holdsEnd(key: string): boolean {
    return this.entries().some((entry) => {
      if (entry.key !== key) return false;
      const { pending } = decodeSegment(readIfThere(entry.path));
      return [...pending.values()].some(({ type }) => type === "complete" || type === "error");
    });
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
}

/** The shared callback URL names no dispatch; its secret can speak for every agent. */
function isShared(url: string): boolean {
  return new URL(url).pathname.replace(/\/+$/, "").endsWith("/callback");
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
