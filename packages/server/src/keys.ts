import { createHmac, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { chmodSync, linkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatSecret, SECRET_RULE } from "@mission-control/protocol";
import { makeFolder } from "@mission-control/protocol/make-folder";
import {
  isSecret,
  type KeyFile,
  KeyFileError,
  readKey,
  TOKEN_FILE,
} from "@mission-control/protocol/settings";

const SERVER_KEY_BYTES = 32;
const SECRET_BYTES = 32;
const ONLY_OWNER_FILE = 0o600;
const ONLY_OWNER_FOLDER = 0o700;

/** A key file that the first start makes. */
interface MadeKey extends KeyFile {
  make: () => string;
}

const FILES = {
  serverKey: {
    name: "server.key",
    isGood: (text) => {
      const key = Buffer.from(text, "base64");
      return key.length === SERVER_KEY_BYTES && key.toString("base64") === text;
    },
    holds: `a key of ${SERVER_KEY_BYTES} bytes in base64`,
    loss: "agents at work can then no longer report, and every browser has to log in again",
    make: () => randomBytes(SERVER_KEY_BYTES).toString("base64"),
  },
  token: { ...TOKEN_FILE, make: () => randomBytes(SECRET_BYTES).toString("base64url") },
  webhookSecret: {
    name: "webhook-secret",
    isGood: isSecret,
    holds: SECRET_RULE,
    loss: "agents that sign with the old shared secret have to be given the new one",
    make: () => formatSecret(randomBytes(SECRET_BYTES)),
  },
} as const satisfies Record<string, MadeKey>;

/** Keys that all servers on one database share. */
export interface SharedKeys {
  /** The key of a name: the one that is kept or, where there is none yet, the candidate, which is kept from now on. */
  sharedKey(name: string, candidate: string): Promise<string>;
}

/** What the first start makes and every later one reads. */
export interface Keys {
  /** Derives the callback secret of every dispatch; never leaves the server. */
  serverKey: KeyObject;
  /** The administrator's bearer token. */
  token: string;
  /** The shared callback secret, `whsec_…`. */
  webhookSecret: string;
}

/**
 * Reads the keys of a data folder, making those that are missing: files of mode 0600 in a folder of mode 0700.
 * @throws KeyFileError when a file is there but holds no key, or a weak one
 */
export function loadKeys(folder: string): Keys {
  const serverKey = readOrMake(folder, FILES.serverKey);
  const token = readOrMake(folder, FILES.token);
  const webhookSecret = readOrMake(folder, FILES.webhookSecret);
  return { serverKey: createSecretKey(serverKey, "base64"), token, webhookSecret };
}

/**
 * Gives the data folder the keys that all servers on its database share, or the database those that the folder has,
 * where nobody came first.
 * @throws KeyFileError when the folder has another key than the others use
 */
export async function shareKeys(folder: string, shared: SharedKeys): Promise<void> {
  for (const key of Object.values(FILES)) await shareKey(folder, key, shared);
}

/** @see shareKeys */
async function shareKey(folder: string, key: MadeKey, shared: SharedKeys): Promise<void> {
  const own = readKey(folder, key);
  const common = await shared.sharedKey(key.name, own ?? key.make());
  if (own === common || readOrMake(folder, { ...key, make: () => common }) === common) return;
  throw new KeyFileError(
    `${join(folder, key.name)} is not the key that the other servers on the same database use: remove it, and it is made from theirs (${key.loss}).`,
  );
}

/**
 * What tells one text from others without telling the text: to anybody without the server key it is as good as random.
 * @param purpose keeps fingerprints for different uses apart
 */
export function fingerprint(serverKey: KeyObject, purpose: string, text = ""): string {
  return createHmac("sha256", serverKey).update(`fingerprint:${purpose}:${text}`).digest("base64url");
}

function readOrMake(folder: string, key: MadeKey): string {
  makeFolder(folder, ONLY_OWNER_FOLDER);
  const file = join(folder, key.name);
  const kept = readKey(folder, key);
  if (kept !== null) {
    chmodSync(file, ONLY_OWNER_FILE);
    return kept;
  }
  // Written whole beside it first, then linked: a crash leaves no half key, and of two starts at once one wins.
  const draft = join(folder, `.${key.name}.${process.pid}`);
  writeFileSync(draft, `${key.make()}\n`, { mode: ONLY_OWNER_FILE, flush: true });
  try {
    linkSync(draft, file);
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  } finally {
    rmSync(draft);
  }
  return readKey(folder, key) ?? readOrMake(folder, key);
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
