import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import { chromiumPath } from "./support/browser.ts";
import { type Stage, withStage } from "./support/stage.ts";

const skip = chromiumPath === null && "there is no Chromium on this machine";

/** Keeps what the page tells the desktop; the browser's own notifications are made all the same. */
function keepNotifications(): void {
  const told: string[] = [];
  const browsers = Notification;
  class Kept extends browsers {
    /** What the browser has answered: one without windows goes on saying "denied" here. */
    static override permission: NotificationPermission = "default";
    static override async requestPermission(): Promise<NotificationPermission> {
      Kept.permission = await browsers.requestPermission();
      return Kept.permission;
    }
    constructor(title: string, options?: NotificationOptions) {
      super(title, options);
      told.push(`${title} | ${options?.body}`);
    }
  }
  Object.assign(window, { Notification: Kept, told });
}

/** A headless browser shows every tab; the page is told that somebody looks elsewhere. */
function lookElsewhere(): void {
  Object.defineProperty(document, "visibilityState", { configurable: true, value: "hidden" });
  document.dispatchEvent(new Event("visibilitychange"));
}

function lookAgain(): void {
  Reflect.deleteProperty(document, "visibilityState");
  document.dispatchEvent(new Event("visibilitychange"));
}

describe("desktop notifications", { skip }, () => {
  let stage: Stage;
  let context: BrowserContext;
  withStage(async (set, profile) => {
    stage = set;
    context = profile;
    await context.addInitScript(keepNotifications);
  });

  const told = (page: Page) => page.evaluate(() => (window as unknown as { told: string[] }).told);
  const end = async (title: string, fields: object) => {
    const { payload } = await stage.running({ title });
    await stage.agent.report(payload, fields);
  };

  test("are off until somebody turns them on, and then tell of each end while nobody looks", async () => {
    await context.grantPermissions(["notifications"]);
    const page = await stage.open(context, "/settings");
    await page.evaluate(lookElsewhere);
    await end("Before", { type: "complete", summary: "Not asked for" });
    await page.getByRole("link", { name: "Activity" }).click();
    await page.getByText("Not asked for").first().waitFor();
    assert.deepEqual(await told(page), []);

    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("button", { name: "Turn on" }).click();
    await page.getByRole("button", { name: "Turn off" }).waitFor();
    await end("Good one", { type: "complete", summary: "All done" });
    await end("Bad one", { type: "error", error: "No \u202Enetwork" });
    await page.waitForFunction(() => (window as unknown as { told: string[] }).told.length >= 2);
    assert.deepEqual((await told(page)).sort(), [
      "Completed: Good one | All done",
      "Failed: Bad one | No [U+202E]network",
    ]);

    await page.evaluate(lookAgain);
    await page.getByRole("link", { name: "Activity" }).click();
    await end("Watched", { type: "complete", summary: "Seen on the page" });
    await page.getByText("Seen on the page").first().waitFor();
    assert.equal((await told(page)).length, 2, "whoever looks at the page is not told twice");

    // Another tab is looked at: this one is silent, and tells again when nobody looks at either.
    const other = await stage.open(context, "/");
    await page.evaluate(lookElsewhere);
    await end("Watched there", { type: "complete", summary: "Seen in the other tab" });
    for (const tab of [other, page]) await tab.getByText("Seen in the other tab").first().waitFor();
    await other.evaluate(lookElsewhere);
    // All run before the first ends: what ends together is told in one.
    const titles = ["One", "Two", "Three", "Four", "Five"];
    const running = await Promise.all(titles.map((title) => stage.running({ title })));
    await Promise.all(
      running.map(({ payload }) => stage.agent.report(payload, { type: "complete", summary: "Done" })),
    );
    await page.waitForFunction(() =>
      (window as unknown as { told: string[] }).told.some((words) => /^\d tasks ended/.test(words)),
    );
    assert.ok(!(await told(page)).some((words) => words.includes("Watched there")));
  });

  test("that the browser refuses are said to be refused", async () => {
    const page = await stage.open(context, "/settings");
    await page.getByRole("button", { name: "Turn on" }).click();
    await page.getByText("The browser does not allow notifications from this page.").waitFor();
    await page.getByRole("button", { name: "Turn on" }).waitFor();
  });
});
