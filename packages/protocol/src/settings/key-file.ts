import { readFileSync } from "node:fs";
import { join } from "node:path";
import { secretKey } from "../signing.ts";

/** What the administrator's token has to be, so that nobody finds it by trying. */
export const TOKEN_PATTERN = /^[\x21-\x7e]{16,}$/;
/** The same in words, to complete "… must be". */
export const TOKEN_RULE = "at least 16 printable ASCII characters without spaces";

/** A file of the data folder that holds one key. */
export interface KeyFile {
  name: string;
  isGood: (text: string) => boolean;
  /** What it must hold, to complete "does not hold …". */
  holds: string;
  /** What ends when it is made again. */
  loss: string;
}

/** The administrator's bearer token. */
export const TOKEN_FILE: KeyFile = {
  name: "token",
  isGood: (text) => TOKEN_PATTERN.test(text),
  holds: TOKEN_RULE,
  loss: "whoever uses the old token has to be given the new one",
};

/** A key file of the data folder that cannot be used. */
export class KeyFileError extends Error {
  readonly code = "key_file";
  override name = "KeyFileError";
}

/** The token a server made in this data folder, for commands on the same machine; null when there is none. */
export function readToken(folder: string): string | null {
  return readKey(folder, TOKEN_FILE);
}

/**
 * The key in a file of the data folder; null when there is no such file.
 * @throws KeyFileError when the file cannot be read, or holds something else
 */
export function readKey(folder: string, { name, isGood, holds, loss }: KeyFile): string | null {
  const file = join(folder, name);
  let text: string;
  try {
    text = readFileSync(file, "utf8").trim();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : error;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new KeyFileError(`${file} cannot be read (${code}): run this as the user whose server it is.`);
  }
  if (isGood(text)) return text;
  const fault = text === "" ? "is empty" : `does not hold ${holds}`;
  throw new KeyFileError(
    `${file} ${fault}: restore it from a backup, or remove it to have a new one made (${loss}).`,
  );
}

/** Whether a text can be used as a webhook secret. */
export function isSecret(text: string): boolean {
  try {
    return secretKey(text).length > 0;
  } catch {
    return false;
  }
}
