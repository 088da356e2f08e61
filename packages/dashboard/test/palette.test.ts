import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TaskView } from "@mission-control/protocol";
import type { BrowserContext, Page } from "playwright-core";
import { assertAccessible } from "./support/axe.ts";
import { chromiumPath } from "./support/browser.ts";
import { type Stage, withStage } from "./support/stage.ts";

const skip = chromiumPath === null && "there is no Chromium on this machine";

describe("the palette", { skip }, () => {
  let stage: Stage;
  let context: BrowserContext;
  withStage((set, fresh) => {
    stage = set;
    context = fresh;
  });

  async function type(page: Page, words: string): Promise<void> {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Search or run" }).fill(words);
  }
  const option = (page: Page, name: string) => page.getByRole("option", { name });

  test("what is done to a task is found by that and its title, and the task alone by its title", async () => {
    const { payload } = await stage.running({ title: "Water the plants" });
    const page = await stage.open(context, "/settings");
    await type(page, "water");
    await option(page, "Water the plants In progress").waitFor();
    assert.equal(await page.getByRole("option").count(), 1);
    await page.getByRole("combobox").fill("cancel wat");
    await option(page, "Cancel task: Water the plants").waitFor();
    await assertAccessible(page, "The palette");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: /Cancel “Water the plants”/ }).waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel task" }).press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await stage.agent.hears(`DELETE /dispatch/${payload.dispatchId}`);
  });

  test("a task is dispatched, told something and looked into from any page, by keys alone", async () => {
    const task = await stage.task({ title: "Feed the cat" });
    const page = await stage.open(context, "/gateways");
    await type(page, "dispatch feed");
    await option(page, "Dispatch: Feed the cat").waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: /Dispatch “Feed the cat”/ }).waitFor();
    await page.getByRole("dialog").getByRole("button", { name: /Ada/ }).press("Enter");
    await stage.agent.next(task.id);
    await type(page, "say cat");
    await option(page, "Say something: Feed the cat").waitFor();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement?.tagName === "TEXTAREA");
    await page.keyboard.press("Escape");
    await type(page, "changes cat");
    await option(page, "Open changes: Feed the cat").waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/tab=changes/);
  });

  test("empty, it has what was looked at lately, and what can be done to the task on the page", async () => {
    const first = await stage.task({ title: "Looked at before" });
    const second = await stage.task({ title: "Looked at now" });
    const page = await stage.open(context, `/tasks/${first.id}`);
    await page.getByRole("heading", { name: first.title }).waitFor();
    await page.waitForFunction(
      (id) => localStorage.getItem("mission-control.recent")?.includes(id),
      first.id,
    );
    await page.goto(`${stage.server.url}/tasks/${second.id}`);
    await page.getByRole("heading", { name: second.title }).waitFor();
    await page.keyboard.press("Control+k");
    const recent = page.getByRole("group", { name: "Recent" });
    await recent.getByRole("option", { name: "Looked at before Pending" }).waitFor();
    assert.equal(await recent.getByRole("option", { name: "Looked at now" }).count(), 0);
    const here = page.getByRole("group", { name: "This task" });
    assert.deepEqual(
      await here
        .getByRole("option")
        .allInnerTexts()
        .then((all) => all.map((one) => one.split("\n")[0])),
      [
        "Dispatch: Looked at now",
        "Edit: Looked at now",
        "Cancel task: Looked at now",
        "Delete: Looked at now",
        "Open changes: Looked at now",
        "Open timeline: Looked at now",
      ],
    );
  });

  test("agents, saved views and settings are there, each with how it stands", async () => {
    await stage.server.call("POST", "/api/views", { name: "Late ones", page: "board", search: "tag=late" });
    const page = await stage.open(context, "/");
    await type(page, "late");
    await option(page, "Late ones View").waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/board\?tag=late/);
    await type(page, "compact");
    await option(page, "Density: Compact Setting").waitFor();
    await page.keyboard.press("Enter");
    await page.locator("html[data-density=compact]").waitFor();
    await type(page, "ada");
    await page
      .getByRole("option", { name: /Ada (Online|Unknown|Busy)/ })
      .first()
      .waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/agent=/);
    const { items } = await stage.server.call<{ items: TaskView[] }>("GET", "/api/views");
    for (const { id } of items) await stage.server.call("DELETE", `/api/views/${id}`);
  });
});
