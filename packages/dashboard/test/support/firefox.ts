import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const CANDIDATES = [process.env.FIREFOX ?? "", "/usr/bin/firefox-esr", "/usr/bin/firefox"];

/** Where a Firefox is on this machine; null where there is none. */
export const firefoxPath = CANDIDATES.find((path) => path !== "" && existsSync(path)) ?? null;

/** How long a page has to show what a test waits for, and Firefox to start. */
const PATIENCE_MS = 20_000;

/** It talks to nobody but the pages it is given. */
const PREFERENCES = {
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,",
};

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** A headless Firefox, driven by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/), with one page. */
export class Firefox {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #page = "";

  static async launch(): Promise<Firefox> {
    if (!firefoxPath) throw new Error("No Firefox was found: install one, or name it in $FIREFOX.");
    const folder = await mkdtemp(join(tmpdir(), "mission-control-firefox-"));
    const lines = Object.entries(PREFERENCES).map(
      ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`,
    );
    await writeFile(join(folder, "user.js"), lines.join("\n"));
    const child = spawn(
      firefoxPath,
      ["--headless", "--no-remote", "--remote-debugging-port=0", "--profile", folder],
      {
        env: { ...process.env, HOME: folder, MOZ_CRASHREPORTER_DISABLE: "1" },
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    const socket = new WebSocket(`${await addressOf(child)}/session`);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error("Firefox refused the connection."));
    });
    const firefox = new Firefox(child, folder, socket);
    await firefox.#send("session.new", { capabilities: {} });
    const { contexts } = await firefox.#send<{ contexts: { context: string }[] }>(
      "browsingContext.getTree",
      {},
    );
    firefox.#page = contexts[0]?.context ?? "";
    // As if somebody looked at its window: else nothing in it is told of the focus.
    await firefox.#send("browsingContext.activate", { context: firefox.#page });
    return firefox;
  }

  private constructor(child: ChildProcess, folder: string, socket: WebSocket) {
    this.#process = child;
    this.#folder = folder;
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#take(JSON.parse(String(data)));
  }

  /** Goes to an address; resolves once its document is there. */
  async goto(url: string): Promise<void> {
    await this.#send("browsingContext.navigate", { context: this.#page, url, wait: "interactive" });
  }

  /** What an expression gives in the page, once it is no promise any more. @throws what it threw there */
  async evaluate(expression: string): Promise<unknown> {
    const answer = await this.#send<{
      type: string;
      result?: { value?: unknown };
      exceptionDetails?: { text: string };
    }>("script.evaluate", { expression, target: { context: this.#page }, awaitPromise: true });
    if (answer.type === "exception") throw new Error(answer.exceptionDetails?.text);
    return answer.result?.value;
  }

  /** Resolves once an expression is true in the page, which is looked at with each of its frames. */
  async until(expression: string): Promise<void> {
    await this.evaluate(`new Promise((resolve, reject) => {
      const end = performance.now() + ${PATIENCE_MS};
      const isTrue = () => { try { return Boolean(${expression}); } catch { return false; } };
      const look = () => {
        if (isTrue()) resolve();
        else if (performance.now() < end) requestAnimationFrame(look);
        else reject(new Error(location.href + " never had: " + ${JSON.stringify(expression)} +
          "\\n" + document.body.innerText.slice(0, 2000)));
      };
      look();
    })`);
  }

  /** Presses keys, one after the other; those with names by their code points (WebDriver, section 17.4.2). */
  async press(keys: string): Promise<void> {
    const actions = [...keys].flatMap((value) => [
      { type: "keyDown", value },
      { type: "keyUp", value },
    ]);
    const source = { type: "key", id: "keyboard", actions };
    await this.#send("input.performActions", { context: this.#page, actions: [source] });
  }

  /** Clicks in the middle of the first element that matches, once it is there. */
  async click(selector: string): Promise<void> {
    await this.until(`document.querySelector(${JSON.stringify(selector)})`);
    const place = await this.evaluate(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)});
      element.scrollIntoView({ block: "nearest" });
      const { x, y, width, height } = element.getBoundingClientRect();
      return JSON.stringify({ x: Math.round(x + width / 2), y: Math.round(y + height / 2) });
    })()`);
    const { x, y } = JSON.parse(String(place)) as { x: number; y: number };
    const actions = [
      { type: "pointerMove", x, y },
      { type: "pointerDown", button: 0 },
      { type: "pointerUp", button: 0 },
    ];
    const source = { type: "pointer", id: "mouse", actions };
    await this.#send("input.performActions", { context: this.#page, actions: [source] });
  }

  async close(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#socket.close();
    this.#process.kill("SIGTERM");
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }

  #send<Result>(method: string, params: object): Promise<Result> {
    const id = ++this.#lastId;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (result) => resolve(result as Result), reject });
    });
  }

  #take(answer: { id?: number; type: string; result?: unknown; error?: string; message?: string }): void {
    const waiting = answer.id === undefined ? undefined : this.#waiting.get(answer.id);
    if (!waiting || answer.id === undefined) return;
    this.#waiting.delete(answer.id);
    if (answer.type === "success") waiting.resolve(answer.result);
    else waiting.reject(new Error(`${answer.error}: ${answer.message}`));
  }
}

/** The address that Firefox says it listens on. */
async function addressOf(child: ChildProcess): Promise<string> {
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
    const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
    if (!address) continue;
    clearTimeout(timer);
    child.stderr?.resume();
    return address;
  }
  throw new Error("Firefox ended before it listened.");
}
