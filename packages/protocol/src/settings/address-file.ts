import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The file of the data folder that says where its server listens, as a URL for this machine; there while the server
 * runs, and after one was killed.
 */
export const ADDRESS_FILE = "address";

/** Where the server of this data folder listens, or did before it was killed; null when nothing says so. */
export function readAddress(folder: string): string | null {
  try {
    const url = readFileSync(join(folder, ADDRESS_FILE), "utf8").trim();
    return URL.parse(url)?.protocol === "http:" ? url : null;
  } catch {
    // None, or not for this user to read: then the settings say where a server would be.
    return null;
  }
}
