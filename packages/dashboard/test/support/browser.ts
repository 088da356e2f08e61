import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const CANDIDATES = [
  process.env.CHROMIUM ?? "",
  // The same engine without what draws windows: a page is there in half the time.
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** Where a Chromium is on this machine; null where there is none. */
export const chromiumPath = CANDIDATES.find((path) => path !== "" && existsSync(path)) ?? null;

/**
 * A headless Chromium that talks to nobody but the pages it is given.
 * @param hosts names that stand for this machine, as a name on a local network would
 */
export function launchChromium(hosts: readonly string[] = []): Promise<Browser> {
  if (!chromiumPath) throw new Error("No Chromium was found: install one, or name it in $CHROMIUM.");
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--enable-precise-memory-info",
      ...(hosts.length === 0
        ? []
        : [`--host-resolver-rules=${hosts.map((host) => `MAP ${host} 127.0.0.1`)}`]),
    ],
  });
}
