import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { findProgram } from "./debian.ts";

/** The name in the shipped files. */
export const NAME = "mc.example.com";
const DEPLOY = fileURLToPath(new URL("../../deploy/", import.meta.url));

/** What a shipped file is run with: ports that are free here, and a certificate of the test's own. */
interface Setting {
  folder: string;
  server: number;
  /** Further servers beside it. */
  others: readonly number[];
  https: number;
  http: number;
  certificate: string;
  key: string;
  both: string;
}

/** A kind of reverse proxy: the shipped file, and the command that runs it as it is but for its addresses. */
export interface ProxyKind {
  program: string;
  /** The Debian package it is in. */
  package: string;
  command(setting: Setting): string[];
}

/** Replaces each text, which must be there: a shipped file that no longer has it was not tested as it is. */
function adapted(file: string, replacements: readonly (readonly [from: string, to: string])[]): string {
  let text = readFileSync(DEPLOY + file, "utf8");
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`deploy/${file} does not hold ${from}.`);
    text = text.replaceAll(from, to);
  }
  return text;
}

const CERTIFICATE = "/etc/ssl/mission-control/certificate.pem";
const KEY = "/etc/ssl/mission-control/key.pem";
const BOTH = "/etc/ssl/mission-control/both.pem";

export const PROXY_KINDS: readonly ProxyKind[] = [
  {
    program: "nginx",
    package: "nginx-light",
    command({ folder, server, https, http, certificate, key }) {
      const site = adapted("nginx.conf", [
        ["127.0.0.1:4000", `127.0.0.1:${server}`],
        ["listen 443 ", `listen 127.0.0.1:${https} `],
        ["listen 80;", `listen 127.0.0.1:${http};`],
        [CERTIFICATE, certificate],
        [KEY, key],
      ]);
      writeFileSync(join(folder, "site.conf"), site);
      const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
        (name) => `${name}_temp_path ${folder}/${name};`,
      );
      const whole = `daemon off; user root; pid ${folder}/pid; error_log stderr warn;\nevents {}\nhttp { access_log off; ${paths.join(" ")} include ${folder}/site.conf; }\n`;
      writeFileSync(join(folder, "nginx.conf"), whole);
      return ["-c", join(folder, "nginx.conf"), "-p", folder];
    },
  },
  {
    program: "haproxy",
    package: "haproxy",
    command({ folder, server, others, https, http, both }) {
      const lines = [server, ...others].map((port, index) => `  server s${index} 127.0.0.1:${port}`);
      const whole = adapted("haproxy.cfg", [
        ["  server one 127.0.0.1:4000", lines.join("\n")],
        ["bind :443 ", `bind 127.0.0.1:${https} `],
        ["bind :80", `bind 127.0.0.1:${http}`],
        [BOTH, both],
      ]);
      writeFileSync(join(folder, "haproxy.cfg"), whole);
      return ["-db", "-f", join(folder, "haproxy.cfg")];
    },
  },
  {
    program: "caddy",
    package: "caddy",
    command({ folder, server, https, http, certificate, key }) {
      const site = adapted("Caddyfile", [
        ["127.0.0.1:4000", `127.0.0.1:${server}`],
        // The certificate of a name that is not ours cannot be got.
        [`${NAME} {`, `${NAME} {\n\tbind 127.0.0.1\n\ttls ${certificate} ${key}`],
      ]);
      const global = `{\n\tadmin off\n\thttps_port ${https}\n\thttp_port ${http}\n\tauto_https disable_redirects\n}\n`;
      writeFileSync(join(folder, "Caddyfile"), global + site);
      return ["run", "--adapter", "caddyfile", "--config", join(folder, "Caddyfile")];
    },
  },
  {
    program: "apache2",
    package: "apache2",
    command({ folder, server, https, http, certificate, key }) {
      const site = adapted("apache.conf", [
        ["127.0.0.1:4000", `127.0.0.1:${server}`],
        ["*:443", `127.0.0.1:${https}`],
        ["*:80", `127.0.0.1:${http}`],
        [CERTIFICATE, certificate],
        [KEY, key],
      ]);
      const modules = [
        "mpm_event",
        "authz_core",
        "alias",
        "headers",
        "socache_shmcb",
        "ssl",
        "http2",
        "proxy",
        "proxy_http",
      ].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`);
      const whole = [
        `ServerRoot ${folder}`,
        `PidFile ${folder}/pid`,
        `DefaultRuntimeDir ${folder}`,
        `ErrorLog ${folder}/errors`,
        "User www-data",
        "Group www-data",
        `ServerName ${NAME}`,
        ...modules,
        `Listen 127.0.0.1:${https}`,
        `Listen 127.0.0.1:${http}`,
        site,
      ];
      writeFileSync(join(folder, "apache.conf"), whole.join("\n"));
      return ["-f", join(folder, "apache.conf"), "-DFOREGROUND"];
    },
  },
];

/** Where a proxy listens, and the server or servers behind it. */
type ProxyPorts = Pick<Setting, "server" | "https" | "http"> & Partial<Pick<Setting, "others">>;

/** A reverse proxy that runs the shipped file of its kind. */
export class ReverseProxy {
  readonly https: number;
  readonly http: number;
  /** Its certificate, to be trusted. */
  readonly certificate: string;
  readonly #folder: string;
  readonly #child: ChildProcess;
  #output = "";

  static async start(kind: ProxyKind, ports: ProxyPorts): Promise<ReverseProxy> {
    const proxy = new ReverseProxy(kind, ports);
    try {
      await proxy.#listens();
      return proxy;
    } catch (error) {
      await proxy.close();
      throw error;
    }
  }

  private constructor(kind: ProxyKind, ports: ProxyPorts) {
    this.#folder = mkdtempSync(join(tmpdir(), `mission-control-${kind.program}-`));
    const [certificate, key, both] = ["certificate.pem", "key.pem", "both.pem"].map((name) =>
      join(this.#folder, name),
    ) as [string, string, string];
    const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", `/CN=${NAME}`];
    const files = ["-addext", `subjectAltName=DNS:${NAME}`, "-keyout", key, "-out", certificate];
    execFileSync("openssl", [...request, ...files], { stdio: "ignore" });
    this.certificate = readFileSync(certificate, "utf8");
    writeFileSync(both, this.certificate + readFileSync(key, "utf8"));
    mkdirSync(join(this.#folder, "home"));
    this.https = ports.https;
    this.http = ports.http;
    const setting = { others: [], ...ports, folder: this.#folder, certificate, key, both };
    this.#child = spawn(findProgram(kind.program) ?? kind.program, kind.command(setting), {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH, HOME: join(this.#folder, "home") },
    });
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk).slice(-4000);
    };
    this.#child.stdout?.on("data", keep);
    this.#child.stderr?.on("data", keep);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, "exit");
      this.#child.kill("SIGTERM");
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Resolves when it takes connections. @throws Error with what it printed, when it ends */
  async #listens(): Promise<void> {
    while (!(await canConnect(this.https))) {
      if (this.#child.exitCode !== null) throw new Error(`The proxy ended:\n${this.#output}`);
      await wait(20);
    }
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
