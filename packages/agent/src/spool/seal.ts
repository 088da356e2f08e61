import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ownerMark } from "./owner.ts";
import { draftOf } from "./segment-name.ts";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts a dispatch's secret for the spool, with a key that lies in the spool's folder in a file of its own. A
 * spooled file that gets into a backup, a bug report or a chat gives nothing away; whoever can read the whole folder
 * is the same user, who could read the agent's memory as well.
 */
export function seal(folder: string, secret: string, context: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", currentKey(folder), nonce).setAAD(Buffer.from(context));
  const text = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString("base64");
}

/** Opens what {@link seal} made; `undefined` when none of the folder's keys does, or the text was changed. */
export function unseal(folder: string, sealed: string, context: string): string | undefined {
  for (const key of keys(folder)) {
    const secret = open(key, Buffer.from(sealed, "base64"), Buffer.from(context));
    if (secret !== undefined) return secret;
  }
  return undefined;
}

function open(key: Buffer, bytes: Buffer, context: Buffer): string | undefined {
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(context)
      .setAuthTag(tag);
    const text = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString("utf8");
  } catch {
    return undefined;
  }
}

/** The key to seal with, made at first use. */
function currentKey(folder: string): Buffer {
  for (let n = 1; ; n++) {
    const path = keyPath(folder, n);
    const key = readKey(path) ?? publishKey(folder, path);
    if (isWhole(key)) return key;
  }
}

/** All keys that something may have been sealed with. */
function* keys(folder: string): Generator<Buffer> {
  for (let n = 1; ; n++) {
    const key = readKey(keyPath(folder, n));
    if (!key) return;
    if (isWhole(key)) yield key;
  }
}

/**
 * `seal.key`; where that is damaged, the next number. A damaged key stays where it is, so that processes that meet it
 * at the same time agree on the one after it.
 */
function keyPath(folder: string, n: number): string {
  return join(folder, n === 1 ? "seal.key" : `seal.${n}.key`);
}

function isWhole(key: Buffer): boolean {
  return key.length === KEY_BYTES;
}

/**
 * Makes a key, on the disk before it has its name, and by `link`, so that processes starting together agree. Its draft
 * carries this process's mark, as every draft does: others clear away those whose process is gone.
 */
function publishKey(folder: string, path: string): Buffer {
  const draft = draftOf(join(folder, `seal-${randomBytes(6).toString("hex")}.${ownerMark()}`));
  try {
    const descriptor = openSync(draft, "wx", 0o600);
    try {
      writeFileSync(descriptor, randomBytes(KEY_BYTES));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(path);
}

function readKey(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
