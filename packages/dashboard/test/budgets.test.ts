import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import { assertAccessible } from "./support/axe.ts";
import { chromiumPath } from "./support/browser.ts";
import { type Stage, withStage } from "./support/stage.ts";

const skip = chromiumPath === null && "there is no Chromium on this machine";

describe("budgets", { skip }, () => {
  let stage: Stage;
  let context: BrowserContext;
  withStage((set, profile) => {
    stage = set;
    context = profile;
  });

  const budgets = (page: Page) => page.getByRole("region", { name: "Budgets" });
  const spend = async (title: string, usage: object, tags: string[] = []) => {
    const { payload } = await stage.running({ title, tags });
    await stage.agent.report(payload, { type: "complete", summary: "Yes", usage });
  };
  const cost = (amount: number, currency = "USD") => ({ cost: { amount, currency } });

  test("one is set, fills while one looks, is told in Activity, edited and removed", async () => {
    const page = await stage.open(context, "/insights");
    await budgets(page).getByText("No budget is set").waitFor();
    await budgets(page).getByRole("button", { name: "Set a budget" }).click();
    await page.getByLabel("Name").fill("Everything");
    await page.getByLabel("Amount").fill("10");
    await page.getByLabel("Time zone").fill("Mars/Olympus");
    const dialog = page.getByRole("dialog");
    await assertAccessible(page, "Setting a budget");
    await dialog.getByRole("button", { name: "Set a budget" }).click();
    await dialog
      .getByRole("alert")
      .filter({ hasText: "must be a time zone such as Europe/Berlin" })
      .waitFor();
    await page.getByLabel("Time zone").fill("UTC");
    await dialog.getByRole("button", { name: "Set a budget" }).click();
    await dialog.waitFor({ state: "hidden" });
    const row = budgets(page).getByRole("listitem");
    await row.getByText("0.00 USD of 10.00 USD a day").waitFor();

    await spend("Cheap", cost(8.5));
    await row.getByText("8.50 USD of 10.00 USD a day 85 %").waitFor();
    await row.getByText("Nearly used up").waitFor();
    assert.equal(await row.getByRole("meter").getAttribute("value"), "0.85");
    await spend("Silent about it", {});
    await row.getByText("1 attempt reported no cost.").waitFor();
    await spend("In yen", cost(300, "JPY"));
    await row.getByText("Not counted, in other currencies: 300.00 JPY.").waitFor();
    await spend("Dear", cost(2));
    await row.getByText("Used up", { exact: true }).waitFor();
    await assertAccessible(page, "Insights with a budget");

    await page.getByRole("link", { name: "Activity" }).click();
    await page.getByText("Everything: 80 % of 10.00 USD a day is spent (8.50 USD)").waitFor();
    await page.getByText("Everything: 10.00 USD a day is used up (10.50 USD spent)").waitFor();
    await page.goBack();

    await row.getByRole("button", { name: "Actions for the budget Everything" }).click();
    await page.getByRole("menuitem", { name: "Edit" }).click();
    await page.getByLabel("Limit of").selectOption("tokens");
    await page.getByLabel("Tokens, input and output").fill("2000000");
    await page.getByLabel("Resets every").selectOption("month");
    await dialog.getByLabel("Agent").selectOption({ label: "Ada" });
    await dialog.getByLabel("Tag").fill("docs");
    await page.getByRole("button", { name: "Save" }).click();
    await row.getByText("0 of 2M tokens a month").waitFor();
    await row.getByText("agent Ada, tag docs").waitFor();
    await row.getByRole("button", { name: "Actions for the budget Everything" }).click();
    await page.getByRole("menuitem", { name: "Remove" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await budgets(page).getByText("No budget is set").waitFor();
    await page.close();
  });

  test("used up, one that refuses has a dispatch answered with why, and what it covers goes on once it is raised", async () => {
    const fields = { name: "Docs", limit: { tokens: 100 }, period: "day", tag: "docs", refuses: true };
    const { id } = await stage.server.call<{ id: string }>("POST", "/api/budgets", fields);
    await spend("First", { inputTokens: 120 }, ["docs"]);
    const { id: taskId } = await stage.task({ title: "Second", tags: ["docs"] });
    const page = await stage.open(context, "/insights");
    await budgets(page).getByText("New dispatches are refused").waitFor();
    await page.goto(`${stage.server.url}/tasks/${taskId}`);
    await page.getByRole("button", { name: "Dispatch" }).first().click();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /Ada|Dispatch/ })
      .first()
      .click();
    await page
      .getByText(/The budget "Docs" of 100 tokens a day is used up/)
      .first()
      .waitFor();
    await stage.server.call("PATCH", `/api/budgets/${id}`, { limit: { tokens: 1000 } });
    const answer = await stage.server.call<{ status: string }>("POST", `/api/tasks/${taskId}/dispatch`, {
      agentId: stage.agent.id,
    });
    assert.equal(answer.status, "in_progress");
    await stage.server.call("DELETE", `/api/budgets/${id}`);
    await page.close();
  });

  test("a phone shows all of it, without scrolling to the side", async () => {
    const fields = {
      name: "A budget with a rather long name for a phone",
      limit: { amount: 1e6, currency: "USD" },
    };
    await stage.server.call("POST", "/api/budgets", { ...fields, period: "month", agentId: stage.agent.id });
    const phone = await stage.logIn({ viewport: { width: 360, height: 740 } });
    const page = await stage.open(phone, "/insights");
    await budgets(page).getByText("1,000,000.00 USD a month").waitFor();
    const [scrolled, shown] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    assert.equal(scrolled, shown);
    await phone.close();
  });
});
