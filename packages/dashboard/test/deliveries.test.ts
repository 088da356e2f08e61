import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ExchangeView } from "@mission-control/protocol";
import type { BrowserContext, Page } from "playwright-core";
import { assertAccessible } from "./support/axe.ts";
import { chromiumPath } from "./support/browser.ts";
import { Stage } from "./support/stage.ts";

const skip = chromiumPath === null && "there is no Chromium on this machine";

describe("deliveries", { skip }, () => {
  let stage: Stage;
  let context: BrowserContext;
  let taskId: string;
  before(async () => {
    stage = await Stage.set();
    context = await stage.logIn();
    const { task, payload } = await stage.running({ title: "Mend the log-in" });
    taskId = task.id;
    assert.equal(await stage.agent.report(payload, { type: "progress", message: "Reading" }), 200);
    await refuse("{}", { authorization: "Bearer sesame" });
    stage.agent.answer = { status: 409, body: { reason: "I am full" } };
    const other = await stage.task({ title: "Another one" });
    const dispatch = { agentId: stage.agent.id };
    await stage.server.call("POST", `/api/tasks/${other.id}/dispatch`, dispatch).catch(() => {});
  });
  after(async () => {
    await stage.strike();
    assert.deepEqual(stage.complaints, []);
  });

  async function refuse(body: string, headers: Record<string, string> = {}): Promise<void> {
    const url = `${stage.server.url}/api/webhooks/callback`;
    assert.equal((await fetch(url, { method: "POST", body, headers })).status, 401);
  }

  const row = (page: Page, name: RegExp) => page.locator("[data-row]").and(page.getByRole("link", { name }));

  test("the list tells what went which way, by filters that stand in the address", async () => {
    const page = await stage.open(context, "/webhooks");
    await row(page, /To agent.*Dispatch.*Delivered.*202.*Ada.*Mend the log-in/).waitFor();
    await row(page, /Incoming.*Progress.*Delivered.*200.*Mend the log-in/).waitFor();
    await row(page, /Incoming.*Callback.*Refused.*401.*127\.0\.0\.1.*no signature/).waitFor();
    await row(page, /To agent.*Dispatch.*Refused.*409.*I am full/).waitFor();
    await assertAccessible(page, "Deliveries");
    await page.getByLabel("Direction").selectOption("To agent");
    await page.getByLabel("Result").selectOption("Delivered");
    await row(page, /Progress/).waitFor({ state: "detached" });
    await row(page, /Mend the log-in/).waitFor();
    assert.equal(await page.locator("[data-row]").count(), 1);
    assert.match(page.url(), /direction=dispatch/);
    await page.getByLabel("Result").selectOption("Waiting");
    await page.getByText("No deliveries match").waitFor();
    await page.close();
  });

  test("one is opened, read, closed and gone back to by the keyboard, and shows no secret", async () => {
    const page = await stage.open(context, "/webhooks?direction=dispatch");
    await row(page, /Mend the log-in/).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    const panel = page.getByRole("complementary", { name: "Delivery: Dispatch" });
    await panel.getByText(/"title":"Mend the log-in"/).waitFor();
    await panel.getByText("Headers (6)").click();
    await panel.getByText("webhook-signature").waitFor();
    assert.equal(await panel.evaluate((element) => element.scrollWidth - element.clientWidth), 0);
    assert.doesNotMatch((await panel.textContent()) ?? "", /whsec_|v1,/);
    await assertAccessible(page, "A dispatch");
    await page.emulateMedia({ colorScheme: "dark" });
    await assertAccessible(page, "A dispatch in the dark", "colours");
    const address = page.url();
    assert.match(address, /delivery=request_/);
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
    await page.goBack();
    await panel.waitFor();
    assert.equal(page.url(), address);
    await page.goForward();
    await panel.waitFor({ state: "detached" });
    await page.close();
  });

  test("a dispatch is not sent again, but its task is dispatched anew", async () => {
    const page = await stage.open(context, "/webhooks?direction=dispatch&result=refused");
    await row(page, /Another one/).click();
    const panel = page.getByRole("complementary", { name: "Delivery: Dispatch" });
    await panel.getByText("I am full").first().waitFor();
    stage.agent.answer = { status: 202 };
    await panel.getByRole("button", { name: "Dispatch the task again" }).click();
    await panel.getByText("A new attempt is dispatched.").waitFor();
    await panel.getByRole("button", { name: "Dispatch the task again" }).click();
    await panel.getByText(/in_progress|cannot be dispatched|already/).waitFor();
    await page.close();
  });

  test("refused callbacks have a tab, with the reason, and come by themselves", async () => {
    const page = await stage.open(context, "/webhooks?tab=refused");
    await row(page, /Callback.*no signature/).click();
    const panel = page.getByRole("complementary", { name: "Delivery: Callback" });
    await panel.getByText("Not good").waitFor();
    await panel.getByText("Headers").click();
    await panel.getByText("***").first().waitFor();
    assert.doesNotMatch((await panel.textContent()) ?? "", /sesame/);
    await assertAccessible(page, "A refused callback");
    await page.keyboard.press("Escape");
    await refuse("again", { "x-signature-sha256": "sha256=00" });
    await row(page, /shared secret/).waitFor();
    await page.getByText("Counts of all callbacks").click();
    await page.getByText("Not authentic").waitFor();
    await assertAccessible(page, "Refused callbacks");
    await page.close();
  });

  test("a task's page and an event lead to what was sent for them", async () => {
    const page = await stage.open(context, `/tasks/${taskId}`);
    await page.getByText("API calls").click();
    await page.getByRole("link", { name: "attempt 1" }).click();
    await row(page, /Progress/).waitFor();
    assert.equal(await page.locator("[data-row]").count(), 2);
    await page.getByRole("button", { name: /Remove the filter: Attempt/ }).click();
    await row(page, /Another one/)
      .first()
      .waitFor();
    await page.goto(`${stage.server.url}/?task=${taskId}&raw=true`);
    await page.getByRole("link", { name: /Reading/ }).click();
    await page.getByRole("link", { name: "What was sent and received" }).click();
    await page.waitForURL(/attempt=dispatch_/);
    await page.getByRole("button", { name: /Remove the filter: Attempt/ }).waitFor();
    await row(page, /Dispatch/).waitFor();
    await page.close();
  });

  for (const width of [360, 2560]) {
    test(`it fits ${width} px`, async () => {
      const page = await stage.open(context, "/webhooks");
      await page.setViewportSize({ width, height: 800 });
      await row(page, /Mend the log-in/)
        .first()
        .waitFor();
      const sideways = () => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      assert.equal(await sideways(), false);
      await assertAccessible(page, `Deliveries at ${width} px`);
      await row(page, /Mend the log-in/)
        .first()
        .click();
      await page.getByRole("complementary").getByRole("heading", { name: "Delivery" }).waitFor();
      assert.equal(await sideways(), false);
      await page.close();
    });
  }

  test("of a hundred thousand rows those on the screen are drawn, and a reader is not moved by what comes", async () => {
    const page = await context.newPage();
    stage.watch(page);
    let newest = 100_000;
    let isFirst = true;
    await page.route(/\/api\/exchanges\?/, (route) => {
      const items = Array.from({ length: isFirst ? newest : 100 }, (_, index) => made(newest - index));
      const nextCursor = isFirst ? null : "more";
      isFirst = false;
      return route.fulfill({ json: { items, nextCursor } });
    });
    await page.goto(`${stage.server.url}/webhooks`);
    const rows = page.locator("[data-row]");
    await row(page, /row 100000$/).waitFor();
    assert.ok((await rows.count()) < 60);
    await rows.first().focus();
    await page.evaluate(() => {
      const list = document.querySelector("[data-row]")?.closest("ol")?.parentElement;
      list?.scrollTo(0, 1_000_000);
    });
    const middle = page.getByText("row 72222", { exact: true });
    await middle.waitFor();
    const place = await middle.boundingBox();
    newest += 3;
    await page.getByRole("button", { name: "3 new" }).waitFor();
    assert.deepEqual(await middle.boundingBox(), place);
    assert.ok((await rows.count()) < 60);
    await page.getByRole("button", { name: "3 new" }).click();
    await row(page, /row 100003$/).waitFor();
    await page.close();
  });
});

function made(number: number): ExchangeView {
  const at = new Date(Date.UTC(2026, 0, 1) + number * 1_000).toISOString();
  const told = { direction: "dispatch", what: "dispatch", result: "failed", tryCount: 3 } as const;
  return { id: `request_${number}`, at, reason: `row ${number}`, ...told };
}
