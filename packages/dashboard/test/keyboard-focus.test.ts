import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { DispatchPayload } from "@mission-control/protocol";
import type { BrowserContext, Page } from "playwright-core";
import { chromiumPath } from "./support/browser.ts";
import { type Stage, withStage } from "./support/stage.ts";

const skip = chromiumPath === null && "there is no Chromium on this machine";

/** Where the focus is: the task, or the event, that it is within; else the kind of element. */
const focusedAt = (page: Page) =>
  page.evaluate(() => {
    const at = document.activeElement;
    const item = at?.closest("[data-task], [data-waits], [data-row]");
    const { task, waits, row } = (item as HTMLElement | null)?.dataset ?? {};
    return task ?? waits ?? row ?? at?.tagName ?? "nothing";
  });

/** Waits until the focus is within a task's card, row or entry. */
const focusIsOn = async (page: Page, id: string) => {
  try {
    await page.waitForFunction(
      (id) => document.activeElement?.closest(`[data-task="${id}"], [data-waits="${id}"]`) != null,
      id,
    );
  } catch {
    assert.fail(`The focus is on ${await focusedAt(page)}, not on ${id}.`);
  }
};

const OPEN = { queued: "open", in_progress: "open", review: "open", completed: "open", failed: "open" };

const QUESTION = {
  id: "r",
  title: "May I?",
  options: [
    { optionId: "yes", name: "Yes", kind: "allow_once" },
    { optionId: "no", name: "No", kind: "reject_once" },
  ],
};

/** Between two tasks of the crowd, in milliseconds: a page that is sent as much as the machine can make is behind for good. */
const PAUSE_MS = 50;

/** Other tasks that come, go on and end all the while. */
class Crowd {
  readonly #stage: Stage;
  readonly #ended = new AbortController();
  readonly #work: Promise<void>;
  #rounds = 0;
  #next = Promise.withResolvers<void>();

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#work = this.#run();
  }

  /** Resolves after so many more tasks have come and gone. */
  async rounds(number: number): Promise<void> {
    for (const until = this.#rounds + number; this.#rounds < until; ) await this.#next.promise;
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await this.#work;
  }

  async #run(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      const { payload } = await this.#stage.running({
        title: `One of many, ${this.#rounds}`,
        priority: "high",
      });
      const report = (fields: object) => this.#stage.agent.report(payload, fields);
      await report({ type: "progress", message: "Going on", progress: 0.5 });
      await report(
        this.#rounds % 2 ? { type: "complete", summary: "Done." } : { type: "error", error: "No" },
      );
      await wait(PAUSE_MS);
      this.#rounds++;
      this.#next.resolve();
      this.#next = Promise.withResolvers();
    }
  }
}

describe("the keyboard's place, while everything moves", { skip }, () => {
  let stage: Stage;
  let context: BrowserContext;
  let crowd: Crowd | undefined;
  // Before the stage is struck.
  after(() => crowd?.close());
  withStage(async (set, fresh) => {
    stage = set;
    context = fresh;
    crowd ??= new Crowd(stage);
    // A card can be followed where no column is folded.
    await context.addInitScript((columns) => {
      localStorage.setItem("mission-control.columns", JSON.stringify(columns));
    }, OPEN);
  });

  const busy = () => crowd?.rounds(3);
  const complete = (payload: DispatchPayload) =>
    stage.agent.report(payload, { type: "complete", summary: "Ok" });

  for (const view of ["board", "list"]) {
    const path = view === "list" ? "/board?view=list" : "/board";
    const item = (page: Page, id: string) => page.locator(`[data-task="${id}"]`);
    const inState = (page: Page, state: string, id: string) =>
      page.locator(`[data-status=${state}] [data-task="${id}"]`).waitFor();

    test(`${view}: the focus goes with a task from state to state`, async () => {
      const task = await stage.task({ title: "Followed", priority: "urgent" });
      const page = await stage.open(context, path);
      await item(page, task.id).getByRole("link").focus();
      await busy();
      await focusIsOn(page, task.id);
      await stage.server.call("POST", `/api/tasks/${task.id}/dispatch`, { agentId: stage.agent.id });
      const payload = await stage.agent.next(task.id);
      await inState(page, "in_progress", task.id);
      await focusIsOn(page, task.id);
      await complete(payload);
      await inState(page, "completed", task.id);
      await busy();
      await focusIsOn(page, task.id);
    });

    test(`${view}: a panel that is closed gives the focus back to its task, which has moved`, async () => {
      const { task, payload } = await stage.running({ title: "Opened", priority: "urgent" });
      const page = await stage.open(context, path);
      await item(page, task.id).getByRole("link").press("Enter");
      await page.getByRole("complementary", { name: "Task" }).waitFor();
      await busy();
      await complete(payload);
      await inState(page, "completed", task.id);
      await page.keyboard.press("Escape");
      await page.getByRole("complementary", { name: "Task" }).waitFor({ state: "detached" });
      await focusIsOn(page, task.id);
      await busy();
      await focusIsOn(page, task.id);
    });

    test(`${view}: a task that goes away leaves the focus to the one that stands in its place`, async () => {
      const tasks = [];
      for (const number of [1, 2, 3])
        tasks.push(await stage.task({ title: `Gone ${number}`, priority: "urgent" }));
      const [first, gone, last] = tasks.map(({ id }) => id) as [string, string, string];
      const page = await stage.open(context, path);
      await item(page, gone).getByRole("link").focus();
      await stage.server.call("DELETE", `/api/tasks/${gone}`);
      await item(page, gone).waitFor({ state: "detached" });
      await focusIsOn(page, last);
      await stage.server.call("DELETE", `/api/tasks/${last}`);
      await item(page, last).waitFor({ state: "detached" });
      assert.notEqual(await focusedAt(page), "BODY");
      await stage.server.call("DELETE", `/api/tasks/${first}`);
    });
  }

  test("a card that goes into a folded column leaves the focus to the one that stands in its place", async () => {
    const one = await stage.task({ title: "Folded away", priority: "urgent" });
    const two = await stage.task({ title: "Next", priority: "urgent" });
    const page = await stage.open(context, "/board");
    await page.getByRole("button", { name: "Fold In progress" }).click();
    await page.locator(`[data-task="${one.id}"] a`).press("Enter");
    await page.getByRole("complementary", { name: "Task" }).waitFor();
    await stage.server.call("POST", `/api/tasks/${one.id}/dispatch`, { agentId: stage.agent.id });
    const payload = await stage.agent.next(one.id);
    await page.locator(`[data-task="${one.id}"]`).waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    await page.getByRole("complementary", { name: "Task" }).waitFor({ state: "detached" });
    await focusIsOn(page, two.id);
    await complete(payload);
    await stage.server.call("DELETE", `/api/tasks/${two.id}`);
  });

  test("a card that stood alone in the column it passed leaves the focus to the one in its first place", async () => {
    const slow = await stage.join("Slow", 1);
    const dispatch = async (id: string) => {
      await stage.server.call("POST", `/api/tasks/${id}/dispatch`, { agentId: slow.id });
      return slow.next(id);
    };
    const busyWith = await stage.task({ title: "In the way" });
    const inTheWay = await dispatch(busyWith.id);
    const tags = ["passing"];
    const one = await stage.task({ title: "Passing", priority: "urgent", tags });
    const two = await stage.task({ title: "Left behind", priority: "urgent", tags });
    // Of these alone: others would stand beside it.
    const page = await stage.open(context, "/board?tag=passing");
    await page.getByRole("button", { name: "Fold In progress" }).click();
    await page.locator(`[data-task="${one.id}"] a`).press("Enter");
    await page.getByRole("complementary", { name: "Task" }).waitFor();
    const begun = dispatch(one.id);
    await page.locator(`[data-status=queued] [data-task="${one.id}"]`).waitFor();
    await slow.report(inTheWay, { type: "complete", summary: "Ok" });
    const payload = await begun;
    await page.locator(`[data-task="${one.id}"]`).waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    await page.getByRole("complementary", { name: "Task" }).waitFor({ state: "detached" });
    await focusIsOn(page, two.id);
    await slow.report(payload, { type: "complete", summary: "Ok" });
    await stage.server.call("DELETE", `/api/tasks/${two.id}`);
  });

  test("a card's menu that is open while the card moves gives the focus back to it", async () => {
    const { task, payload } = await stage.running({ title: "Menu", priority: "urgent" });
    const page = await stage.open(context, "/board");
    await page.locator(`[data-task="${task.id}"] a`).press("m");
    await page.getByRole("menu").waitFor();
    await busy();
    await complete(payload);
    await page.locator(`[data-status=completed] [data-task="${task.id}"]`).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("menu").waitFor({ state: "detached" });
    await focusIsOn(page, task.id);
    await busy();
    await focusIsOn(page, task.id);
  });

  test("a menu that is closed leaves the focus where the page has put it, and opens again at once", async () => {
    const task = await stage.task({ title: "Menu again", priority: "urgent" });
    const page = await stage.open(context, "/board");
    const link = page.locator(`[data-task="${task.id}"] a`);
    // The menu's own timer runs late on a busy machine: here it does every time.
    await page.evaluate(() => {
      const { setTimeout } = window;
      Object.assign(window, {
        setTimeout: (run: () => void, delay = 0) => setTimeout(run, delay === 0 ? 40 : delay),
      });
    });
    await link.press("m");
    await page.locator("[role=menuitem]:focus").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("menu").waitFor({ state: "detached" });
    await page.waitForFunction((id) => document.activeElement?.matches(`[data-task="${id}"] a`), task.id);
    await page.keyboard.press("m");
    await page.locator("[role=menuitem]:focus").waitFor();
    // Twice as long as the first menu's timer.
    await page.evaluate(() => new Promise((done) => setTimeout(done, 80)));
    assert.equal(await page.getByRole("menuitem").first().isVisible(), true);
    await page.keyboard.press("Escape");
    await page.getByRole("menu").waitFor({ state: "detached" });
    await stage.server.call("DELETE", `/api/tasks/${task.id}`);
  });

  test("a dialog gives the focus back to the card it was opened for, wherever that is", async () => {
    const { task, payload } = await stage.running({ title: "Dialog", priority: "urgent" });
    const page = await stage.open(context, "/board");
    await page.locator(`[data-task="${task.id}"] a`).press("m");
    await page.getByRole("menuitem", { name: "Edit" }).press("Enter");
    await page.getByRole("dialog").waitFor();
    await busy();
    await complete(payload);
    await page.locator(`[data-status=completed] [data-task="${task.id}"]`).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await focusIsOn(page, task.id);
  });

  test("an answer's button that can be pressed no more leaves the focus at its card", async () => {
    const { task, payload } = await stage.running({ title: "Asks", priority: "urgent" });
    await stage.agent.report(payload, {
      type: "permission",
      request: QUESTION,
    });
    const page = await stage.open(context, "/board");
    const button = page.locator(`[data-task="${task.id}"]`).getByRole("button", { name: "Yes" });
    await button.waitFor();
    await button.focus();
    await page.keyboard.press("Enter");
    await button.waitFor({ state: "detached" });
    await focusIsOn(page, task.id);
    await busy();
    await focusIsOn(page, task.id);
    await complete(payload);
  });

  test("an entry of the inbox that somebody else deals with leaves the focus to the next one", async () => {
    const asked = [];
    for (const number of [1, 2, 3]) {
      const one = await stage.running({ title: `Question ${number}` });
      await stage.agent.report(one.payload, {
        type: "permission",
        request: {
          id: "r",
          title: "May I?",
          options: [{ optionId: "yes", name: "Yes", kind: "allow_once" }],
        },
      });
      asked.push(one);
    }
    const [, second, third] = asked.map(({ task }) => task.id) as [string, string, string];
    const page = await stage.open(context, "/inbox");
    const entry = (id: string) => page.locator(`[data-waits="${id}"]`);
    await entry(second).waitFor();
    await entry(second).getByRole("button", { name: "Yes" }).focus();
    await stage.server.call("POST", `/api/tasks/${second}/permissions/r`, { optionId: "yes" });
    await entry(second).waitFor({ state: "detached" });
    await focusIsOn(page, third);
    await busy();
    await focusIsOn(page, third);
    for (const { payload } of asked) await complete(payload);
  });

  test("an event's panel that is closed gives the focus back to its row, which has grown meanwhile", async () => {
    const { task, payload } = await stage.running({ title: "Grows" });
    await stage.agent.report(payload, { type: "progress", message: "First words" });
    const page = await stage.open(context, `/?task=${task.id}`);
    await page.locator("[data-row]", { hasText: "First words" }).click();
    await page.locator("aside h2").waitFor();
    await stage.agent.report(payload, { type: "progress", message: "Second words" });
    await page.locator("[data-row]", { hasText: "Second words" }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator("aside").waitFor({ state: "detached" });
    await page.locator("[data-row]:focus", { hasText: "Second words" }).waitFor();
  });

  test("a row of Activity keeps the focus while hundreds of others come in", async () => {
    const { payload } = await stage.running({ title: "Looked at" });
    const page = await stage.open(context, "/");
    await stage.agent.report(payload, { type: "progress", message: "Looked at now" });
    await page.keyboard.press("j");
    const at = await focusedAt(page);
    assert.match(at, /^\d+$/);
    await crowd?.rounds(40);
    assert.equal(await focusedAt(page), at);
    await page.keyboard.press("j");
    assert.notEqual(await focusedAt(page), at);
    assert.match(await focusedAt(page), /^\d+$/);
    await page.getByRole("button", { name: /^\d+ new$/ }).press("Enter");
    await complete(payload);
  });
});
