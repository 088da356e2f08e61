import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import { assertAccessible } from "./support/axe.ts";
import { chromiumPath } from "./support/browser.ts";
import { type Stage, withStage } from "./support/stage.ts";

const skip = chromiumPath === null && "there is no Chromium on this machine";

const rail = (page: Page) => page.getByRole("navigation", { name: "Pages" });
const views = (page: Page) => page.getByRole("region", { name: "Views" });

describe("the shell", { skip }, () => {
  let stage: Stage;
  let context: BrowserContext;
  withStage((set, fresh) => {
    stage = set;
    context = fresh;
  });

  async function removeViews(): Promise<void> {
    const { items } = await stage.server.call<{ items: { id: string }[] }>("GET", "/api/views");
    for (const { id } of items) await stage.server.call("DELETE", `/api/views/${id}`);
  }

  test("the rail has the work of the day first, then what is set up once", async () => {
    const page = await stage.open(context, "/");
    assert.deepEqual(await rail(page).getByRole("link").allInnerTexts(), [
      "Activity",
      "Inbox",
      "Board",
      "Agents",
      "Insights",
      "Gateways",
      "Webhooks",
      "Settings",
    ]);
    const system = rail(page).getByRole("region", { name: "System" });
    assert.equal(await system.getByRole("link").count(), 3);
  });

  test("on a phone the rarer pages are behind a button, and Escape goes back to it", async () => {
    const page = await stage.open(context, "/");
    await page.setViewportSize({ width: 360, height: 740 });
    const settings = rail(page).getByRole("link", { name: "Settings" });
    assert.equal(await settings.isVisible(), false);
    const more = rail(page).getByRole("button", { name: "More" });
    await more.press("Enter");
    await settings.waitFor();
    await assertAccessible(page, "The pages behind More");
    await page.keyboard.press("Escape");
    await settings.waitFor({ state: "hidden" });
    assert.ok(await more.evaluate((button) => button === document.activeElement));
    await more.press("Enter");
    await settings.press("Enter");
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    assert.equal(await settings.isVisible(), false, "It was opened to get there.");
  });

  test("a notice about a task with a long title takes a few lines, on a phone as well", async () => {
    const { task } = await stage.running({ title: "unbreakable".repeat(20) });
    const page = await stage.open(context, "/board");
    await page.setViewportSize({ width: 360, height: 740 });
    await page.locator(`[data-task="${task.id}"] a`).press("m");
    await page.getByRole("menuitem", { name: "Cancel task" }).press("Enter");
    const undo = page.getByRole("region", { name: "Notices" }).getByRole("button", { name: "Undo" });
    const box = await undo.locator("..").boundingBox();
    assert.ok(box && box.height < 130 && box.x >= 0 && box.x + box.width <= 360, JSON.stringify(box));
    await undo.click();
    await stage.server.call("POST", `/api/tasks/${task.id}/cancel`);
    await stage.server.call("DELETE", `/api/tasks/${task.id}`);
  });

  test("filters are saved under a name, by keyboard, and are there in another browser", async () => {
    await removeViews();
    const page = await stage.open(context, "/?types=error&q=no+such&event=1");
    // The panel takes the focus when it opens, and beside it there is no room for the filters themselves.
    await page.getByText("Raw event").waitFor();
    await page.getByRole("button", { name: /^Filter/ }).press("Enter");
    await page.getByRole("button", { name: "Save view" }).press("Enter");
    await page.getByLabel("Name", { exact: true }).fill("Problems of today");
    await page.keyboard.press("Enter");
    await views(page).getByRole("link", { name: "Problems of today" }).waitFor();
    await page.getByRole("button", { name: "Save view" }).waitFor({ state: "hidden" });
    await assertAccessible(page, "A saved view in the rail");

    const elsewhere = await stage.logIn();
    const other = await stage.open(elsewhere, "/settings");
    const link = views(other).getByRole("link", { name: "Problems of today" });
    assert.equal(await link.getAttribute("aria-current"), null);
    await link.press("Enter");
    await other.waitForURL(/types=error/);
    assert.equal(new URL(other.url()).searchParams.get("q"), "no such");
    assert.equal(new URL(other.url()).searchParams.has("event"), false, "What was open is no filter.");
    await views(other).locator("a[aria-current=page]").waitFor();
    await elsewhere.close();
  });

  test("what one browser does to the views is seen in all others at once, by nobody touching them", async () => {
    await removeViews();
    const page = await stage.open(context, "/board");
    const elsewhere = await stage.logIn();
    const other = await stage.open(elsewhere, "/board?tag=live");
    await other.getByRole("button", { name: "Save view" }).press("Enter");
    await other.getByLabel("Name", { exact: true }).fill("Saved elsewhere");
    await other.keyboard.press("Enter");
    await views(page).getByRole("link", { name: "Saved elsewhere" }).waitFor();
    const { items } = await stage.server.call<{ items: { id: string }[] }>("GET", "/api/views");
    await stage.server.call("PATCH", `/api/views/${items[0]?.id}`, { name: "By the command line" });
    for (const one of [page, other])
      await views(one).getByRole("link", { name: "By the command line" }).waitFor();
    await removeViews();
    for (const one of [page, other]) await views(one).waitFor({ state: "detached" });
    await elsewhere.close();
  });

  test("views are renamed, moved, given other filters, removed and had back", async () => {
    await removeViews();
    for (const name of ["one", "two"]) {
      await stage.server.call("POST", "/api/views", { name, page: "board", search: `tag=${name}` });
    }
    const page = await stage.open(context, "/board?tag=three");
    const choose = async (view: string, entry: string) => {
      await views(page)
        .getByRole("button", { name: `Actions for the view ${view}` })
        .press("Enter");
      await page.getByRole("menuitem", { name: entry }).press("Enter");
    };
    const named = (...names: string[]) =>
      page.waitForFunction(
        (expected) =>
          [...document.querySelectorAll("section[aria-labelledby=saved-views] a")]
            .map((link) => link.textContent)
            .join() === expected,
        names.join(),
      );
    await named("one", "two");
    await choose("one", "Move down");
    await named("two", "one");
    await choose("one", "Rename");
    await page.getByLabel("Name", { exact: true }).fill("first");
    await page.keyboard.press("Control+Enter");
    await named("two", "first");
    await choose("first", "Use the filters shown now");
    await views(page).locator("a[aria-current=page]").getByText("first").waitFor();
    await choose("two", "Remove");
    await named("first");
    await page.getByRole("button", { name: "Undo" }).click();
    await named("two", "first");
    const { items } = await stage.server.call<{ items: object[] }>("GET", "/api/views");
    assert.deepEqual(
      items.map((view) => ({ ...view, id: "", createdAt: "" })),
      [
        { id: "", name: "two", page: "board", search: "tag=two", createdAt: "" },
        { id: "", name: "first", page: "board", search: "tag=three", createdAt: "" },
      ],
    );
    await removeViews();
  });

  test("a board of few tasks shows what has just been completed, beside where new ones come in", async () => {
    const page = await stage.open(context, "/board");
    const { payload } = await stage.running({ title: "The first task" });
    await page.locator("[data-status=in_progress] [data-task]", { hasText: "The first task" }).waitFor();
    await stage.agent.report(payload, { type: "complete", summary: "Done." });
    await page.locator("[data-status=completed] [data-task]", { hasText: "The first task" }).waitFor();
    await page.locator("[data-status=in_progress][data-folded=true]").waitFor();
    const widths = await page
      .locator("section[data-status]:not([data-folded])")
      .evaluateAll((columns) => columns.map((column) => Math.round(column.getBoundingClientRect().width)));
    assert.equal(widths.length, 2);
    assert.equal(widths[0], widths[1]);
    assert.ok((widths[0] ?? 0) <= 480, "A card is no wider than what can be read at a glance.");
  });

  test("compact lines are lower, in every list, and this browser keeps it", async () => {
    await stage.task({ title: "A line" });
    const page = await stage.open(context, "/settings");
    await page.getByRole("radio", { name: "Compact" }).check();
    await rail(page).getByRole("link", { name: "Activity" }).click();
    const line = page.locator("div:has(> [data-row])").first();
    await line.waitFor();
    const height = async () => (await line.boundingBox())?.height;
    assert.equal(await height(), 28);
    await page.reload();
    await line.waitFor();
    assert.equal(await height(), 28);
    await page.setViewportSize({ width: 360, height: 740 });
    await page.waitForFunction(
      () => document.querySelector("[data-row]")?.parentElement?.offsetHeight === 46,
    );
  });
});
