import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { BrowserContext } from "playwright-core";
import { assertAccessible } from "./support/axe.ts";
import { chromiumPath } from "./support/browser.ts";
import { TOKEN } from "./support/server-process.ts";
import { Stage } from "./support/stage.ts";

/** A word that finds no room anywhere. */
const LONG = "unbreakable".repeat(5);

/**
 * In the page: what of the frame lets itself be scrolled, what scrolls that holds something that scrolls as well, and which
 * tables have to be scrolled to the side.
 */
function scrolling(): { moved: string[]; nested: string[]; wide: string[] } {
  const main = document.querySelector("main") as HTMLElement;
  const tall = (element: Element) =>
    /auto|scroll/.test(getComputedStyle(element).overflowY) &&
    element.scrollHeight > element.clientHeight &&
    element.clientWidth > innerWidth / 2 &&
    element.tagName !== "PRE";
  const frame = [document.documentElement, document.body, main.parentElement as HTMLElement];
  for (const element of frame) element.scrollTop = 100;
  const nameOf = (element: Element) => `${element.tagName} ${element.className}`;
  return {
    moved: frame.filter(({ scrollTop }) => scrollTop > 0).map(nameOf),
    nested: [main, ...main.querySelectorAll("*")]
      .filter((element) => tall(element) && [...element.querySelectorAll("*")].some(tall))
      .map(nameOf),
    wide: [...main.querySelectorAll("table")]
      .filter(({ offsetWidth, parentElement }) => offsetWidth > (parentElement as HTMLElement).clientWidth)
      .map(({ tHead }) => tHead?.textContent ?? ""),
  };
}

/** In the page: how many pixels of a drawing have a colour of the theme. */
function countPixels(canvas: Element, token: string): number {
  const [red, green, blue] = (
    getComputedStyle(document.documentElement)
      .getPropertyValue(token)
      .match(/[\da-f]{2}/gi) ?? []
  ).map((digits) => Number.parseInt(digits, 16));
  const { width, height } = canvas as HTMLCanvasElement;
  const { data } = (canvas as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height) ?? {
    data: [],
  };
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] === red && data[at + 1] === green && data[at + 2] === blue && data[at + 3] === 255)
      count += 1;
  }
  return count;
}

const skip = chromiumPath === null && "there is no Chromium on this machine";

describe("pages", { skip }, () => {
  let stage: Stage;
  let taskId: string;
  before(async () => {
    stage = await Stage.set();
    const { task, payload } = await stage.running({
      title: "Fix the log-in redirect",
      description:
        "## Steps\n\n- read **all** of it\n- [a link](https://example.com)\n\n| a | b |\n|---|---|\n| 1 | 2 |",
      tags: ["auth", LONG],
      priority: "high",
    });
    taskId = task.id;
    await stage.agent.report(payload, { type: "progress", message: "Reading src/auth.ts", progress: 0.4 });
    const failed = await stage.running({ title: "Update the dependencies" });
    await stage.agent.report(failed.payload, { type: "error", error: "No network", lastState: "installing" });
    const done = await stage.running({ title: "Write the release notes", requiresReview: true });
    await stage.agent.report(done.payload, { type: "complete", summary: "Written." });
    await stage.task({ title: "Think about names" });
    await stage.server.call("POST", "/api/agents", {
      name: LONG,
      endpoint: { kind: "http", url: "http://127.0.0.1:9/dispatch" },
    });
    const tagged = await stage.running({ title: LONG, tags: [LONG] });
    await stage.agent.report(tagged.payload, { type: "error", error: LONG });
  });
  after(async () => {
    await stage.strike();
    assert.deepEqual(stage.complaints, []);
  });

  const pages: { name: string; path: () => string; ready: string }[] = [
    { name: "Activity", path: () => "/", ready: "Reading src/auth.ts" },
    { name: "Activity with an event open", path: () => "/?event=4", ready: "Raw event" },
    { name: "Inbox", path: () => "/inbox", ready: "wait for you" },
    { name: "Board", path: () => "/board", ready: "Think about names" },
    { name: "Task", path: () => `/tasks/${taskId}`, ready: "Timeline" },
    {
      name: "Task: Changes",
      path: () => `/tasks/${taskId}?tab=changes`,
      ready: "Nothing has been handed in",
    },
    { name: "Task: Timeline", path: () => `/tasks/${taskId}?tab=timeline`, ready: "Reading src/auth.ts" },
    { name: "Task: Raw", path: () => `/tasks/${taskId}?tab=raw`, ready: "status_change" },
    { name: "Agents", path: () => "/agents", ready: "HTTP" },
    { name: "Gateways", path: () => "/gateways", ready: "No gateway is connected" },
    { name: "Webhooks: Deliveries", path: () => "/webhooks", ready: "Write the release notes" },
    { name: "Webhooks: Refused", path: () => "/webhooks?tab=refused", ready: "Counts of all callbacks" },
    { name: "Webhooks: Endpoints", path: () => "/webhooks?tab=endpoints", ready: "Nothing is sent" },
    { name: "Insights", path: () => "/insights", ready: "Failures by reason" },
    { name: "Settings", path: () => "/settings", ready: "this one" },
    { name: "A task that is not there", path: () => "/tasks/task_nowhere", ready: "Go to the Board" },
    { name: "A page that is not there", path: () => "/nowhere", ready: "Go to Activity" },
  ];
  describe("each", () => {
    let context: BrowserContext;
    before(async () => {
      context = await stage.logIn({ viewport: { width: 360, height: 740 } });
    });
    after(() => context.close());
    for (const { name, path, ready } of pages) {
      // One visit for all of it: loading a page costs more than looking at it.
      test(`${name}: fits 360 px, is accessible in both themes, and at 200 % one thing scrolls`, async () => {
        const page = await context.newPage();
        stage.watch(page);
        await page.goto(stage.server.url + path());
        await page.getByText(ready).first().waitFor({ state: "attached" });
        const overflow = await page.evaluate(() => {
          const main = document.querySelector("main");
          return Math.max(
            document.documentElement.scrollWidth - innerWidth,
            (main?.scrollWidth ?? 0) - (main?.clientWidth ?? 0),
          );
        });
        assert.equal(overflow, 0, `${name} is ${overflow} px too wide`);

        await page.setViewportSize({ width: 1280, height: 800 });
        await page.getByText("Live", { exact: true }).waitFor();
        await page.getByText(ready).first().waitFor();
        for (const theme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme: theme });
          await page.locator(`html[data-theme="${theme}"]`).waitFor();
          // The other theme has other colours, and nothing else.
          await assertAccessible(page, `${name} (${theme})`, theme === "dark" ? "colours" : "everything");
        }

        // 1440 × 900 at 200 %.
        await page.setViewportSize({ width: 720, height: 450 });
        for (const summary of await page.locator("summary:visible").all()) await summary.click();
        assert.deepEqual(await page.evaluate(scrolling), { moved: [], nested: [], wide: [] }, name);
        await page.close();
      });
    }
  });

  test("one attempt in a day is seen in both charts", async () => {
    const context = await stage.logIn({ colorScheme: "light" });
    const page = await stage.open(context, "/insights");
    for (const [chart, token] of [
      ["Attempts that ended", "--good"],
      // Of one attempt, all quantiles are the same: the last one drawn is seen.
      ["From acceptance to completion", "--attention"],
    ] as const) {
      const canvas = page.getByRole("figure", { name: chart }).locator("canvas");
      await canvas.waitFor();
      assert.ok(await canvas.evaluate(countPixels, token), `${chart}: nothing is drawn in ${token}`);
    }
    await context.close();
  });

  test("the log-in page: a wrong token is refused, the right one opens the page asked for", async () => {
    const context = await stage.browser.newContext();
    const page = await context.newPage();
    stage.watch(page);
    await page.goto(`${stage.server.url}/board`);
    await page.getByLabel("Token").fill("not the token");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").getByText("not the administrator's token").waitFor();
    await assertAccessible(page, "Log-in");
    await page.getByLabel("Token").fill(TOKEN);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("heading", { name: "Board" }).waitFor();
    const cookie = (await context.cookies())[0];
    assert.equal(cookie?.httpOnly, true);
    assert.equal(cookie?.sameSite, "Strict");
    await context.close();
  });

  test("the one-time link logs in once, and its code leaves the address", async () => {
    const context = await stage.browser.newContext();
    const page = await context.newPage();
    stage.watch(page);
    await page.goto(stage.server.logInUrl);
    await page.getByText("Live", { exact: true }).waitFor();
    assert.equal(page.url(), `${stage.server.url}/`);
    const stranger = await stage.browser.newContext();
    const second = await stranger.newPage();
    await second.goto(stage.server.logInUrl);
    await second.getByText("used before").waitFor();
    await stranger.close();
    await context.close();
  });

  test("filters live in the address, and back goes back", async () => {
    const context = await stage.logIn();
    const page = await stage.open(context, "/");
    await page.getByRole("button", { name: "Problems", exact: true }).click();
    await page.waitForURL(/types=error/);
    await page.getByText("No network").first().waitFor();
    assert.equal(await page.getByText("Reading src/auth.ts").count(), 0);
    await page.getByRole("searchbox", { name: "Search events" }).fill("nothing like this");
    await page.getByText("No event matches these filters").waitFor();
    await page.goBack();
    await page.getByText("Reading src/auth.ts").first().waitFor();
    await page.goto(`${stage.server.url}/?agent=${stage.agent.id}&q=reading`);
    await page.getByText("Reading src/auth.ts").first().waitFor();
    await context.close();
  });

  test("an event opens beside the list with its raw JSON, and Escape closes it", async () => {
    const context = await stage.logIn();
    const page = await stage.open(context, "/");
    await page.getByRole("link", { name: /Reading src\/auth.ts/ }).click();
    const panel = page.getByRole("complementary");
    await panel.getByText('"type": "activity"').waitFor();
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
    await context.close();
  });

  test("keys: the palette, the sheet, going places, the list", async () => {
    const context = await stage.logIn();
    const page = await stage.open(context, "/");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await assertAccessible(page, "Shortcut sheet");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("g");
    await page.keyboard.press("i");
    await page.getByRole("heading", { name: "Insights" }).waitFor();
    await page.keyboard.press("Control+k");
    const field = page.getByRole("combobox", { name: "Search or run" });
    await field.fill("release notes");
    await page.getByRole("option", { name: /Write the release notes/ }).waitFor();
    await assertAccessible(page, "Command palette");
    await field.press("Enter");
    await page.getByRole("heading", { name: "Write the release notes" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("a");
    await page.locator("[data-row]").first().waitFor();
    const focusedRow = () => page.evaluate(() => document.activeElement?.getAttribute("data-row"));
    await page.keyboard.press("j");
    const first = await focusedRow();
    assert.equal(
      first,
      await page.locator("[data-row]").first().getAttribute("data-row"),
      "without a row before",
    );
    await page.keyboard.press("j");
    const second = await focusedRow();
    assert.notEqual(second, first);
    await page.keyboard.press("Enter");
    await page.getByRole("complementary", { name: `Event ${second}` }).waitFor();
    await page.keyboard.press("k");
    await page.getByRole("complementary", { name: `Event ${first}` }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("complementary").waitFor({ state: "detached" });
    assert.equal(await focusedRow(), first, "back where it was opened");
    await context.close();
  });
});
