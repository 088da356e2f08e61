import { readFileSync } from "node:fs";

/** The package's version. This file and the bundle it becomes part of are both two folders below the package. */
export function version(): string {
  const manifest = new URL("../../package.json", import.meta.url);
  return String(JSON.parse(readFileSync(manifest, "utf8")).version);
}
