// Sees to it that the browser tests have their browser: Debian's Chromium, installed where it is missing and possible.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

export const CHROMIUM = "/usr/bin/chromium";

if (!existsSync(CHROMIUM)) {
  console.log("Installing Chromium for the browser tests …");
  const install = "apt-get update -q && apt-get install -qy --no-install-recommends chromium fonts-dejavu";
  const { status } = spawnSync("sh", ["-c", `{ ${install}; } >/dev/null`], { stdio: "inherit" });
  if (status !== 0 || !existsSync(CHROMIUM)) {
    console.error(`The browser tests need ${CHROMIUM}: install Debian's package "chromium" as root.`);
    process.exit(1);
  }
}
