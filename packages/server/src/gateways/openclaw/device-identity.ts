import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "@mission-control/protocol/make-folder";
import { KeyFileError } from "@mission-control/protocol/settings";
import type { SharedKeys } from "../../keys.ts";
import { type DeviceTokenSlot, deviceTokenSlot } from "./device-tokens.ts";
import { isCode, readIfThere } from "./identity-files.ts";

const RAW_KEY_BYTES = 32;
const KEY_FILE = "openclaw-device.pem";

/** What a device signs to prove to a gateway that it holds its key. */
export interface DeviceProof {
  clientId: string;
  clientMode: string;
  role: string;
  scopes: readonly string[];
  /** Unix milliseconds, as the gateway's challenge gave them. */
  signedAt: number;
  /** The token sent in the same `connect`, empty when none is. */
  token: string;
  nonce: string;
}

/**
 * The Ed25519 key by which gateways know this server, and the tokens they gave it. Kept in files only the
 * owner can read.
 */
export class DeviceIdentity {
  /** SHA-256 of the raw public key, in hex. */
  readonly id: string;
  /** The raw public key, base64url. */
  readonly publicKey: string;
  readonly #key: KeyObject;
  readonly #folder: string;

  private constructor(folder: string, key: KeyObject) {
    const spki = createPublicKey(key).export({ type: "spki", format: "der" });
    const raw = spki.subarray(-RAW_KEY_BYTES);
    this.#folder = folder;
    this.#key = key;
    this.id = createHash("sha256").update(raw).digest("hex");
    this.publicKey = raw.toString("base64url");
  }

  /**
   * Reads the key from the folder, or makes one at the first call, whichever process comes first.
   * @throws KeyFileError when the file is there but holds no such key
   */
  static open(folder: string): DeviceIdentity {
    makeFolder(folder, 0o700);
    const file = join(folder, KEY_FILE);
    return new DeviceIdentity(folder, parseKey(file, readIfThere(file) ?? createKey(file, newKey())));
  }

  /**
   * Looks at the key, where there is one, so that a damaged one is known before a gateway is connected.
   * @throws KeyFileError
   */
  static check(folder: string): void {
    const file = join(folder, KEY_FILE);
    const pem = readIfThere(file);
    if (pem !== undefined) parseKey(file, pem);
  }

  /**
   * Gives the folder the key that all servers on its database share, or the database the one that the folder has,
   * where nobody came first.
   * @throws KeyFileError when the folder has another key than the others use
   */
  static async share(folder: string, shared: SharedKeys): Promise<void> {
    makeFolder(folder, 0o700);
    const file = join(folder, KEY_FILE);
    const own = readIfThere(file);
    const common = await shared.sharedKey(KEY_FILE, own ?? newKey());
    if (own === common || (own === undefined && createKey(file, common) === common)) return;
    throw new KeyFileError(
      `${file} is not the key that the other servers on the same database use: remove it, and it is made from theirs.`,
    );
  }

  /** Signs a gateway's challenge (device auth, version 2); base64url. */
  sign(proof: DeviceProof): string {
    const text = [
      "v2",
      this.id,
      proof.clientId,
      proof.clientMode,
      proof.role,
      proof.scopes.join(","),
      String(proof.signedAt),
      proof.token,
      proof.nonce,
    ].join("|");
    return sign(null, Buffer.from(text), this.#key).toString("base64url");
  }

  /** Where the token is kept that a gateway gives this device once it is approved. */
  tokenOf(gateway: { url: string; token?: string | undefined }): DeviceTokenSlot {
    const key = this.#key.export({ type: "pkcs8", format: "der" });
    return deviceTokenSlot(this.#folder, key, gateway);
  }
}

function parseKey(file: string, pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // Refused below; the library's own words name its parts, not the file.
  }
  const fault = pem.trim() === "" ? "is empty" : "does not hold an Ed25519 key";
  throw new KeyFileError(
    `${file} ${fault}: restore it from a backup, or remove it to have a new one made (OpenClaw Gateways have to approve this server anew then).`,
  );
}

function newKey(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

function createKey(file: string, pem: string): string {
  const temporary = `${file}.${randomUUID()}`;
  writeFileSync(temporary, pem, { mode: 0o600 });
  try {
    // Unlike a rename, a link never replaces the key another process made meanwhile.
    linkSync(temporary, file);
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  return readFileSync(file, "utf8");
}
