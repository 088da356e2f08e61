import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSettings } from "@mission-control/protocol/settings";
import { type App, startApp } from "@mission-control/server";
import { type Finished, run } from "./command-line.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A server on a data folder of its own, for the commands of a test. */
export class TestServer {
  readonly folder: string;
  readonly app: App;
  /** What makes a command find the server: its data folder, where the address and the token are. */
  readonly env: Record<string, string>;

  /** @param flags settings beside its port and folder */
  static async start(flags: Record<string, unknown> = {}): Promise<TestServer> {
    const folder = mkdtempSync(join(tmpdir(), "mission-control-commands-"));
    const settings = readSettings({ flags: { port: "0", dataDir: folder, ...flags }, environment: {} });
    return new TestServer(folder, await startApp(settings, silent));
  }

  private constructor(folder: string, app: App) {
    this.folder = folder;
    this.app = app;
    this.env = { MISSION_CONTROL_DATA_DIR: folder };
  }

  /** Runs a command to its end. */
  run(...args: string[]): Promise<Finished> {
    return run(args, this.env);
  }

  /** Calls the API with the token. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came back
  async api(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await fetch(this.app.url + path, {
      method,
      headers: { Authorization: `Bearer ${this.app.token}`, "Content-Type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return answer.json();
  }

  async close(): Promise<void> {
    await this.app.close();
    rmSync(this.folder, { recursive: true });
  }
}
