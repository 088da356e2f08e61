import { after, before, describe, test } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import { assertAccessible } from "./support/axe.ts";
import { Stage } from "./support/stage.ts";

const DAY_MS = 24 * 3_600_000;

describe("insights", () => {
  let stage: Stage;
  let context: BrowserContext;
  before(async () => {
    stage = await Stage.set();
    context = await stage.logIn();
  });
  after(() => stage.strike());

  const figure = (page: Page, name: string) =>
    page
      .locator("dl > div", { has: page.locator("dt", { hasText: name }) })
      .locator("dd")
      .first();
  const shows = async (page: Page, name: string, value: string) =>
    figure(page, name)
      .filter({ hasText: new RegExp(`^${value}$`) })
      .waitFor();

  test("before anything happened, the page says what will be here and where to begin", async () => {
    const page = await stage.open(context, "/insights");
    await page.getByText("Nothing has been counted yet").waitFor();
    await assertAccessible(page, "Insights, empty");
    await page.getByRole("link", { name: "Open the Board" }).click();
    await page.getByRole("heading", { name: "Board" }).waitFor();
    await page.close();
  });

  test("what ends is counted while one looks, and stays when its task is deleted and the server dies", async () => {
    const page = await stage.open(context, "/insights");
    const done = await stage.running({ title: "Done", tags: ["docs"] });
    const usage = { inputTokens: 1000, outputTokens: 200, cost: { amount: 0.25, currency: "USD" } };
    await stage.agent.report(done.payload, { type: "complete", summary: "Yes", usage });
    await shows(page, "Completed", "1");
    const failed = await stage.running({ title: "Failed" });
    await stage.agent.report(failed.payload, { type: "error", error: "No room on disk 7" });
    await shows(page, "Failed", "1");
    await shows(page, "Success rate", "50 %");
    await shows(page, "Cost", "0\\.25 USD");
    await page.getByRole("link", { name: "No room on disk 7" }).waitFor();
    await assertAccessible(page, "Insights");
    for (const { task } of [done, failed]) await stage.server.call("DELETE", `/api/tasks/${task.id}`);
    await stage.server.stop("SIGKILL");
    await stage.server.resume();
    await page.reload();
    await shows(page, "Completed", "1");
    await shows(page, "Failed", "1");
    await page.getByRole("link", { name: "Last 30 days" }).click();
    await page.getByText("0 in the 30 days before").first().waitFor();
    await shows(page, "Completed", "1");
    await page.close();
  });

  test("the page narrows to an agent and to a tag, and links to what it counts", async () => {
    const page = await stage.open(context, "/insights?range=7d");
    await page.getByRole("region", { name: "By tag" }).getByRole("link", { name: "docs" }).click();
    await page.waitForURL(/tag=docs/);
    await shows(page, "Failed", "0");
    await page.getByRole("link", { name: "Show all" }).click();
    await page.waitForURL((url) => !url.search.includes("tag"));
    const agents = page.getByRole("region", { name: "By agent" });
    await agents.getByRole("link", { name: "Ada" }).click();
    await page.getByText("Counted only: agent Ada").waitFor();
    await shows(page, "Failed", "1");
    await assertAccessible(page, "Insights of an agent");
    await page.goBack();
    await agents.getByTitle("Failures of Ada in Activity").click();
    await page.waitForURL(/types=error/);
    await page.close();
  });

  test("a browser whose clock is days off sees the same", async () => {
    for (const off of [-3 * DAY_MS, 3 * DAY_MS]) {
      const elsewhere = await stage.logIn();
      await elsewhere.addInitScript((ms) => {
        const { now } = Date;
        Date.now = () => now() + ms;
      }, off);
      for (const range of ["", "?range=7d"]) {
        const page = await stage.open(elsewhere, `/insights${range}`);
        await shows(page, "Completed", "1");
        await page.close();
      }
      await elsewhere.close();
    }
  });
});
