import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, launch } from "./launch.ts";
import { virtualTargets } from "./reference.ts";
import type { Subject } from "./subject.ts";

const MODULE = "/usr/lib/nginx/modules/ngx_nchan_module.so";
const PACKAGES = ["nginx", "libnginx-mod-nchan"];

/**
 * Whether nchan can be measured; installs Debian's packages when they are missing and may be.
 * @returns the one sentence that says why not, or `undefined`
 */
export function missingNchan(): string | undefined {
  if (existsSync(MODULE)) return undefined;
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    execFileSync("apt-get", ["install", "-y", "--no-install-recommends", ...PACKAGES], {
      env,
      stdio: "ignore",
    });
  } catch {
    // The sentence below says what is missing, whatever the reason.
  }
  return existsSync(MODULE)
    ? undefined
    : `nchan is not measured: ${PACKAGES.join(" and ")} are not installed and could not be.`;
}

/** nginx's nchan with one worker: publishes what it is sent, unverified and kept in memory only. */
export async function startNchan(): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), "bench-nchan-"));
  const port = await freePort();
  const config = join(folder, "nginx.conf");
  await writeFile(config, configuration(folder, port));
  const running = await launch({
    command: "nginx",
    args: ["-c", config, "-p", folder, "-e", join(folder, "error.log")],
    readyUrl: `http://127.0.0.1:${port}/ready`,
  });
  return {
    name: "nchan",
    port,
    pid: workerOf(running.pid),
    callbackPath: "/publish",
    streamHeaders: {},
    streamPath: () => "/events",
    targets: async (count) => virtualTargets(count),
    close: async () => {
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(folder: string, port: number): string {
  const user = process.getuid?.() === 0 ? "user root;" : "";
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join("\n    ");
  return `
load_module ${MODULE};
${user}
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
events { worker_connections 12000; }
http {
    ${paths}
    access_log off;
    keepalive_requests 100000000;
    server {
        listen 127.0.0.1:${port} backlog=4096;
        location = /ready { return 204; }
        location = /publish {
            nchan_publisher;
            nchan_channel_id bench;
            nchan_message_buffer_length 2000;
            nchan_message_timeout 1m;
        }
        location = /events {
            nchan_subscriber eventsource;
            nchan_channel_id bench;
            nchan_subscriber_first_message newest;
            nchan_eventsource_ping_interval 0;
        }
    }
}
`;
}

function workerOf(master: number): number {
  const children = readFileSync(`/proc/${master}/task/${master}/children`, "utf8").trim().split(" ");
  return Number(children[0]);
}
