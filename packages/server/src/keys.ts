import { createHmac, randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatSecret } from "@mission-control/protocol";

const SERVER_KEY_BYTES = 32;
const SECRET_BYTES = 32;
const ONLY_OWNER_FILE = 0o600;
const ONLY_OWNER_FOLDER = 0o700;

const FILES = { serverKey: "server.key", token: "token", webhookSecret: "webhook-secret" } as const;

/** A key file of the data folder that cannot be used. */
export class KeyFileError extends Error {
  readonly code = "key_file";
  override name = "KeyFileError";
}

/** What the first start makes and every later one reads. */
export interface Keys {
  /** Derives the callback secret of every dispatch; never leaves the server. */
  serverKey: Buffer;
  /** The administrator's bearer token. */
  token: string;
  /** The shared callback secret, `whsec_…`. */
  webhookSecret: string;
}

/**
 * Reads the keys of a data folder, making those that are missing: files of mode 0600 in a folder of mode 0700.
 * @throws KeyFileError when a file is there but holds no key
 */
export function loadKeys(folder: string): Keys {
  mkdirSync(folder, { recursive: true, mode: ONLY_OWNER_FOLDER });
  const serverKey = Buffer.from(
    readOrMake(folder, FILES.serverKey, () => randomBytes(SERVER_KEY_BYTES).toString("base64")),
    "base64",
  );
  if (serverKey.length !== SERVER_KEY_BYTES) {
    throw new KeyFileError(
      `${join(folder, FILES.serverKey)} does not hold a key of ${SERVER_KEY_BYTES} bytes in base64: restore it from a backup, or remove it to have a new one made (agents at work can then no longer report).`,
    );
  }
  return {
    serverKey,
    token: readOrMake(folder, FILES.token, () => randomBytes(SECRET_BYTES).toString("base64url")),
    webhookSecret: readOrMake(folder, FILES.webhookSecret, () => formatSecret(randomBytes(SECRET_BYTES))),
  };
}

/** The token a server made in this data folder, for commands on the same machine; null when there is none. */
export function readToken(folder: string): string | null {
  return readKey(join(folder, FILES.token));
}

/**
 * What tells one text from others without telling the text: to anybody without the server key it is as good as random.
 * @param purpose keeps fingerprints for different uses apart
 */
export function fingerprint(serverKey: Uint8Array, purpose: string, text = ""): string {
  return createHmac("sha256", serverKey).update(`fingerprint:${purpose}:${text}`).digest("base64url");
}

function readOrMake(folder: string, name: string, make: () => string): string {
  const file = join(folder, name);
  const kept = readKey(file);
  if (kept !== null) {
    chmodSync(file, ONLY_OWNER_FILE);
    return kept;
  }
  // Written whole beside it first, then linked: a crash leaves no half key, and of two starts at once one wins.
  const draft = join(folder, `.${name}.${process.pid}`);
  writeFileSync(draft, `${make()}\n`, { mode: ONLY_OWNER_FILE, flush: true });
  try {
    linkSync(draft, file);
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  } finally {
    rmSync(draft);
  }
  return readKey(file) ?? readOrMake(folder, name, make);
}

function readKey(file: string): string | null {
  let text: string;
  try {
    text = readFileSync(file, "utf8").trim();
  } catch (error) {
    if (isCode(error, "ENOENT")) return null;
    throw error;
  }
  if (text === "") {
    throw new KeyFileError(
      `${file} is empty: restore it from a backup, or remove it to have a new one made.`,
    );
  }
  return text;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
