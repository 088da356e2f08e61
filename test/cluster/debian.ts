import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const FOLDERS = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"];

/** Where a program of the system is; null when it is not there. */
export function findProgram(name: string): string | null {
  return FOLDERS.map((folder) => `${folder}/${name}`).find((path) => existsSync(path)) ?? null;
}

/**
 * Sees to it that programs of Debian's packages are there, and installs them where they are missing and that is possible.
 * @param packages by the name of the program
 * @returns the programs that are still missing
 */
export function installDebian(packages: Readonly<Record<string, string>>): string[] {
  const missing = () => Object.keys(packages).filter((program) => !findProgram(program));
  const names = missing().map((program) => packages[program]);
  if (names.length > 0 && process.getuid?.() === 0 && findProgram("apt-get")) {
    console.log(`Installing ${names.join(", ")} …`);
    const install = `apt-get update -q && apt-get install -qy --no-install-recommends ${names.join(" ")}`;
    // What a package would start by itself is none of the tests'.
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
    spawnSync("sh", ["-c", `{ ${install}; } >/dev/null 2>&1`], { env });
  }
  return missing();
}
