import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import type { TaskView } from "@mission-control/protocol";
import type { APIResponse, Browser, BrowserContext, Page } from "playwright-core";
import { launchChromium } from "./browser.ts";
import { ServerProcess, TOKEN } from "./server-process.ts";
import { TestAgent } from "./test-agent.ts";

/** How long a page has to show what a test waits for. */
const PATIENCE_MS = 15_000;

/** Where a page keeps its half of what proves the session. */
const STORED_KEY = "mission-control-session-key";

/** A real server, a real browser and an agent, for the tests of one file. */
export class Stage {
  readonly server: ServerProcess;
  readonly agent: TestAgent;
  readonly browser: Browser;
  /** What pages complained about: errors of scripts, and breaches of the content security policy. */
  readonly complaints: string[] = [];
  readonly #others: TestAgent[] = [];

  /** @param settings of the server, by their names in the environment */
  static async set(settings: Record<string, string> = {}): Promise<Stage> {
    const server = await ServerProcess.start(settings);
    return new Stage(server, await TestAgent.join(server, "Ada"), await launchChromium());
  }

  private constructor(server: ServerProcess, agent: TestAgent, browser: Browser) {
    this.server = server;
    this.agent = agent;
    this.browser = browser;
  }

  /** A browser profile of its own, logged in by the token. */
  async logIn(options: Parameters<Browser["newContext"]>[0] = {}): Promise<BrowserContext> {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    const answer = await context.request.post(`${this.server.url}/api/session`, { data: { token: TOKEN } });
    assert.equal(answer.status(), 201);
    const { key } = (await answer.json()) as { key: string };
    // The cookie is in the profile; the key is stored by a page of the origin.
    const page = await context.newPage();
    await page.goto(`${this.server.url}/healthz`);
    await page.evaluate(([name, value]) => localStorage.setItem(name, value), [STORED_KEY, key] as const);
    await page.close();
    return context;
  }

  /** What the server answers to "who am I" from a browser profile. */
  async whoAmI(context: BrowserContext): Promise<APIResponse> {
    const { origins } = await context.storageState();
    const stored = origins.flatMap(({ localStorage }) => localStorage);
    const key = stored.find(({ name }) => name === STORED_KEY)?.value ?? "";
    return context.request.get(`${this.server.url}/api/session`, {
      headers: { "Mission-Control-Session-Key": key },
    });
  }

  /** A page of the dashboard, live. */
  async open(context: BrowserContext, path: string): Promise<Page> {
    const page = await context.newPage();
    this.watch(page);
    await page.goto(this.server.url + path);
    await page.getByText("Live", { exact: true }).waitFor();
    return page;
  }

  /** Writes down what a page complains about. */
  watch(page: Page): void {
    page.on("pageerror", (error) => this.complaints.push(`${page.url()}: ${error.stack}`));
    page.on("console", (message) => {
      // What the network refused is the tests' own doing; everything else is the page's.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        this.complaints.push(`${page.url()}: ${message.text()}`);
      }
    });
  }

  /** A new task, not dispatched. */
  task(fields: object): Promise<TaskView> {
    return this.server.call<TaskView>("POST", "/api/tasks", fields);
  }

  /** A new task that the agent has accepted. */
  async running(fields: object) {
    const task = await this.task(fields);
    await this.server.call("POST", `/api/tasks/${task.id}/dispatch`, { agentId: this.agent.id });
    return { task, payload: await this.agent.next(task.id) };
  }

  /** One more agent, which leaves with the others. */
  async join(name: string, concurrency?: number): Promise<TestAgent> {
    const agent = await TestAgent.join(this.server, name, concurrency);
    this.#others.push(agent);
    return agent;
  }

  async strike(): Promise<void> {
    await this.browser.close();
    for (const agent of [this.agent, ...this.#others]) await agent.close();
    await this.server.close();
  }
}

/**
 * Sets a stage before the tests of a suite and strikes it after them; no page may have complained.
 * @param begin gets the stage and a logged-in browser profile of its own before each test
 */
export function withStage(begin: (stage: Stage, context: BrowserContext) => Promise<void> | void): void {
  let stage: Stage;
  let context: BrowserContext | undefined;
  before(async () => {
    stage = await Stage.set();
  });
  beforeEach(async () => {
    await context?.close();
    context = await stage.logIn();
    await begin(stage, context);
  });
  after(async () => {
    await stage.strike();
    assert.deepEqual(stage.complaints, []);
  });
}
