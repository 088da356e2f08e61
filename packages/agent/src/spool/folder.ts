import { accessSync, constants, readdirSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../make-folder.ts";

/** All files of the spool together may take this much of the disk. */
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;
/** An attempt is begun only where its end can still be written down: the largest callback, some times over. */
const MIN_FREE_BYTES = 1024 * 1024;

/** A spool that cannot be used; the message says why and what to do. */
export class SpoolError extends Error {
  override name = "SpoolError";
  /** Others could put reports into it or take them away · there is no room left in it. */
  readonly code: "unsafe" | "full";

  constructor(code: SpoolError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** Paths of the files in a folder, sorted; none where there is no folder. @throws SpoolError `unsafe` */
export function listFolder(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  assertOwn(folder);
  return names.sort().map((name) => join(folder, name));
}

/** Makes the folder where it is missing, and checks that files may be begun in it. @throws SpoolError */
export function prepareFolder(folder: string): void {
  makeFolder(folder, 0o700);
  const total = listFolder(folder).reduce((sum, path) => sum + sizeOf(path), 0);
  if (total <= MAX_TOTAL_BYTES) return;
  const size = `${Math.ceil(total / 1024 / 1024)} MiB`;
  const words = `The spool in ${folder} is full (${size}): deliver it with "mission-control report --flush", or make room.`;
  throw new SpoolError("full", words);
}

/** Checks that the folder's disk takes what a new attempt may write. @throws SpoolError */
export function assertDiskTakes(folder: string): void {
  accessSync(folder, constants.W_OK);
  const { bavail, blocks, bsize } = statfsSync(folder);
  // Some file systems do not say how large they are.
  if (blocks === 0 || bavail * bsize >= MIN_FREE_BYTES) return;
  throw new SpoolError(
    "full",
    `The disk is full: ${bavail * bsize} bytes are left for the spool in ${folder}.`,
  );
}

/** Refuses a folder into which somebody else could put files: what lies in it is believed and sent. */
function assertOwn(folder: string): void {
  const user = process.geteuid?.();
  if (user === undefined) return; // Windows: a user's own folders are for that user by default.
  const { uid, mode } = statSync(folder);
  if (uid !== user && uid !== 0) {
    const words = `The spool folder ${folder} belongs to another user (${uid}, not ${user}): make it this user's with chown, or name another folder.`;
    throw new SpoolError("unsafe", words);
  }
  if ((mode & 0o022) === 0) return;
  const octal = (mode & 0o7777).toString(8).padStart(4, "0");
  const words = `Others may write to the spool folder ${folder} (mode ${octal}): run "chmod go-w ${folder}", or name another folder.`;
  throw new SpoolError("unsafe", words);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
