import { readFileSync } from "node:fs";

/** The package's version. */
export function version(): string {
  const manifest = new URL("../../package.json", import.meta.url);
  return String(JSON.parse(readFileSync(manifest, "utf8")).version);
}
