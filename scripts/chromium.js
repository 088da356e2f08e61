// Sees to it that the browser tests have their browser: Debian's Chromium without windows, installed where it is missing
// and possible.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const WANTED = "/usr/bin/chromium-headless-shell";
/** Does as well, and takes longer. */
const WHOLE = "/usr/bin/chromium";

if (!existsSync(WANTED)) {
  console.log("Installing Chromium for the browser tests …");
  const packages = "chromium-headless-shell fonts-dejavu";
  const install = `apt-get update -q && apt-get install -qy --no-install-recommends ${packages}`;
  const { status } = spawnSync("sh", ["-c", `{ ${install}; } >/dev/null`], { stdio: "inherit" });
  if ((status !== 0 || !existsSync(WANTED)) && !existsSync(WHOLE)) {
    console.error(
      `The browser tests need ${WANTED}: install Debian's package "chromium-headless-shell" as root.`,
    );
    process.exit(1);
  }
}
