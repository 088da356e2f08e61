import { isUtf8 } from "node:buffer";
import { createHash, randomUUID } from "node:crypto";
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import type { Message } from "./callback.ts";
import { makeFolder } from "./make-folder.ts";
import { contentDigest } from "./signing.ts";
import { type CallbackBody, MAX_CALLBACK_BYTES } from "./wire.ts";

/** A file that an attempt leaves behind: what it holds, or where it lies. */
export interface Artifact {
  /** As it is to be called: a file's name, without folders. */
  name: string;
  /** Default: what the end of the name says, else `application/octet-stream`. */
  mediaType?: string | undefined;
  content?: string | Uint8Array | undefined;
  /** A file, which has to stay as it is until the report is settled: larger ones are sent from there. */
  path?: string | undefined;
}

/** An artifact that is too large for a callback, and is sent from a file. */
export interface Upload {
  name: string;
  mediaType: string;
  /** The `Content-Digest` of the file, taken when it was reported. */
  digest: string;
  size: number;
  path: string;
  /** The file was written for the upload alone, and goes with it. */
  isCopy?: true | undefined;
}

/** An artifact that cannot be reported; the message says why. */
export class ArtifactError extends Error {
  override name = "ArtifactError";
  readonly code = "artifact";
}

/** So much of a file is looked at in one piece. */
const PIECE_BYTES = 1024 * 1024;
/** Copies of contents that wait to be uploaded may take so much of the disk, and none is kept for longer than this. */
const MAX_COPIES_BYTES = 256 * 1024 * 1024;
const MAX_COPY_AGE_MS = 7 * 24 * 60 * 60_000;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".csv": "text/csv",
  ".diff": "text/x-patch",
  ".gif": "image/gif",
  ".html": "text/html",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".json": "application/json",
  ".log": "text/plain",
  ".md": "text/markdown",
  ".patch": "text/x-patch",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain",
  ".webp": "image/webp",
  ".zip": "application/zip",
};

/** The media type that the end of a file's name says; undefined where it says none. */
export function mediaTypeOf(name: string): string | undefined {
  return MEDIA_TYPES[extname(name).toLowerCase()];
}

/**
 * Makes the report of an artifact: inside a callback where it fits, else an upload. Reads the file at once, so that
 * nothing that is reported later overtakes it, and it is what it was when it was reported.
 * @param callback the callback without what is reported
 * @param folder where contents that are uploaded wait; the system's for temporary files, if absent
 * @throws ArtifactError, or what the file system says
 */
export function encodeArtifact(
  callback: Omit<CallbackBody, "type" | "artifact">,
  { name, mediaType = mediaTypeOf(name), content, path }: Artifact,
  folder?: string,
): Message {
  if ((content === undefined) === (path === undefined)) {
    throw new ArtifactError("An artifact has either a content or a path.");
  }
  const { id } = callback;
  const file = path === undefined ? undefined : resolve(path);
  const size = file === undefined ? Buffer.byteLength(content ?? "") : statSync(file).size;
  const bytes =
    file === undefined ? Buffer.from(content ?? "") : size <= MAX_CALLBACK_BYTES ? readFileSync(file) : null;
  const inline = bytes && encodeInline(callback, name, mediaType, bytes);
  if (inline) return { id, type: "artifact", body: inline };
  const sha256 = bytes ? createHash("sha256").update(bytes).digest() : digestOf(file ?? "");
  const upload: Upload = {
    name,
    mediaType: mediaType ?? "application/octet-stream",
    digest: contentDigest(sha256),
    size: bytes?.length ?? size,
    ...(file === undefined
      ? { path: copyOf(bytes ?? Buffer.alloc(0), folder), isCopy: true }
      : { path: file }),
  };
  // What a person, or a version that knows no uploads, finds in the spool; it is not sent.
  const body = JSON.stringify({ type: "artifact", name, size: upload.size, sha256: sha256.toString("hex") });
  return { id, type: "artifact", body, upload };
}

/** An upload that is settled needs its copy no more. */
export function discardUpload({ upload }: Message): void {
  if (upload?.isCopy) rmSync(upload.path, { force: true });
}

/** Why the file of an upload is not what was reported; `undefined` where nothing is known of that. */
export function changeOf({ path, size }: Upload): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return `its file ${path} is gone`;
  return found.size === size ? undefined : `its file ${path} was changed since`;
}

/** The callback with the artifact inside, as text or, where that is shorter or none, in base64; null if neither fits. */
function encodeInline(
  callback: Omit<CallbackBody, "type" | "artifact">,
  name: string,
  mediaType: string | undefined,
  bytes: Buffer,
): string | null {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  for (const encoding of isUtf8(bytes) ? (["utf8", "base64"] as const) : (["base64"] as const)) {
    const artifact = { name, mediaType, content: bytes.toString(encoding), encoding, sha256 };
    const body = JSON.stringify({ ...callback, type: "artifact", artifact });
    if (Buffer.byteLength(body) <= MAX_CALLBACK_BYTES) return body;
  }
  return null;
}

function digestOf(path: string): Buffer {
  const hash = createHash("sha256");
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  const descriptor = openSync(path, "r");
  try {
    for (let read = readSync(descriptor, piece); read > 0; read = readSync(descriptor, piece)) {
      hash.update(piece.subarray(0, read));
    }
  } finally {
    closeSync(descriptor);
  }
  return hash.digest();
}

/** Writes a content down to be sent from there. @throws ArtifactError where too many wait already */
function copyOf(bytes: Buffer, spool: string | undefined): string {
  const folder = spool === undefined ? tmpdir() : join(spool, "artifacts");
  if (spool !== undefined) {
    makeFolder(folder, 0o700);
    makeRoom(folder, bytes.length);
  }
  const path = join(folder, `mission-control-artifact-${randomUUID()}`);
  writeFileSync(path, bytes, { mode: 0o600, flag: "wx", flush: true });
  return path;
}

function makeRoom(folder: string, bytes: number): void {
  let total = bytes;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found && Date.now() - found.mtimeMs > MAX_COPY_AGE_MS) rmSync(path, { force: true });
    else total += found?.size ?? 0;
  }
  if (total <= MAX_COPIES_BYTES) return;
  throw new ArtifactError(
    `Artifacts of ${MAX_COPIES_BYTES / 1024 / 1024} MiB wait in ${folder} already: deliver them with "mission-control report --flush", or report this one by its path.`,
  );
}
