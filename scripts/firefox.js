// Sees to it that the tests in Firefox have it: Debian's, installed where it is missing and possible.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const FIREFOX = process.env.FIREFOX ?? "/usr/bin/firefox-esr";

if (!existsSync(FIREFOX)) {
  console.log("Installing Firefox for its tests …");
  const install = "apt-get update -q && apt-get install -qy --no-install-recommends firefox-esr fonts-dejavu";
  const { status } = spawnSync("sh", ["-c", `{ ${install}; } >/dev/null`], { stdio: "inherit" });
  if (status !== 0 || !existsSync(FIREFOX)) {
    console.error(`The tests in Firefox need ${FIREFOX}: install Debian's package "firefox-esr" as root.`);
    process.exit(1);
  }
}
