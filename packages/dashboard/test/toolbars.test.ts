import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import { assertAccessible } from "./support/axe.ts";
import { chromiumPath } from "./support/browser.ts";
import { type Stage, withStage } from "./support/stage.ts";

const skip = chromiumPath === null && "there is no Chromium on this machine";

describe("toolbars", { skip }, () => {
  let stage: Stage;
  let context: BrowserContext;
  withStage(async (set, fresh) => {
    stage = set;
    context = fresh;
  });

  /** Everything of a toolbar that is seen is in one row, and none of it is cut off. */
  const isOneRow = async (page: Page) => {
    const bar = page.getByRole("search").first();
    await bar.waitFor();
    const cut = await bar.evaluate((element) => element.scrollWidth - element.clientWidth);
    assert.equal(cut, 0, "nothing is scrolled for");
    const lines = await bar.locator(":scope > *, :scope fieldset, :scope select").evaluateAll((parts) =>
      parts
        .filter((part) => part.checkVisibility() && part.getBoundingClientRect().height > 0)
        .map((part) => {
          const { top, bottom } = part.getBoundingClientRect();
          return Math.round((top + bottom) / 2);
        }),
    );
    assert.ok(Math.max(...lines) - Math.min(...lines) <= 2, `in one row: ${lines.join(", ")}`);
  };

  test("the board's is one row, with what has no room in it behind a button", async () => {
    await stage.task({ title: "Tagged", tags: ["toolbar"] });
    await stage.task({ title: "Not tagged" });
    const page = await stage.open(context, "/board");
    const filter = page.getByRole("button", { name: /^Filter/ });
    const card = (title: string) => page.locator("[data-task]", { hasText: title });
    await card("Not tagged").waitFor();
    for (const width of [1440, 768, 390, 360]) {
      await page.setViewportSize({ width, height: 740 });
      await isOneRow(page);
      assert.equal(await filter.isVisible(), width < 900, `a button at ${width}`);
      const create = await page.getByRole("button", { name: "New task" }).boundingBox();
      assert.ok(
        create && create.x + create.width > width - 24,
        `what is made here is at the end at ${width}`,
      );
    }
    const tag = page.getByLabel("Tag", { exact: true });
    assert.equal(await tag.isVisible(), false);
    await filter.press("Enter");
    await tag.selectOption("toolbar");
    await card("Not tagged").waitFor({ state: "detached" });
    await assertAccessible(page, "The board's filters on a phone");
    await page.keyboard.press("Escape");
    await tag.waitFor({ state: "hidden" });
    assert.equal(await filter.evaluate((button) => button === document.activeElement), true);
    assert.equal(await filter.textContent(), "Filter1", "how many filters there are");
    await isOneRow(page);
    await filter.click();
    await page.getByRole("button", { name: "List" }).click();
    await page.locator("tr[data-task]").waitFor();
    await filter.click();
    await isOneRow(page);
  });

  test("those of Activity and of the deliveries are one row, whatever is chosen in them", async () => {
    const task = await stage.task({
      title: "A task whose title is much longer than what a toolbar has room for",
    });
    const page = await stage.open(context, `/?task=${task.id}&types=task,agent&raw=true`);
    for (const width of [1440, 1024, 768, 360]) {
      await page.setViewportSize({ width, height: 740 });
      await isOneRow(page);
    }
    const filter = page.getByRole("button", { name: /^Filter/ });
    assert.equal(await filter.textContent(), "Filter2");
    await filter.press("Enter");
    const raw = page.getByRole("checkbox", { name: "Raw log" });
    assert.equal(await raw.isChecked(), true);
    await assertAccessible(page, "The filters of Activity on a phone");
    await page.getByRole("button", { name: "Save view" }).press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "All", exact: true }).click();
    await page.waitForURL((url) => !url.searchParams.has("types"));
    await page.goto(`${stage.server.url}/webhooks?direction=dispatch&result=failed`);
    for (const width of [1440, 768, 360]) {
      await page.setViewportSize({ width, height: 740 });
      await isOneRow(page);
    }
    assert.equal(await filter.textContent(), "Filter2");
  });
});
