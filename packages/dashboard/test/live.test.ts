import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { BrowserContext, Page, Route } from "playwright-core";
import { chromiumPath } from "./support/browser.ts";
import { TOKEN } from "./support/server-process.ts";
import { Stage, withStage } from "./support/stage.ts";

const skip = chromiumPath === null && "there is no Chromium on this machine";

describe("live", { skip }, () => {
  let stage: Stage;
  let context: BrowserContext;
  withStage((set, profile) => {
    stage = set;
    context = profile;
  });

  /** The messages of a task's rows, newest first, with folded ones unfolded. */
  const messages = async (page: Page): Promise<string[]> => {
    for (const fold of await page
      .locator('button[aria-expanded="false"][aria-label*="of this attempt"]')
      .all()) {
      await fold.click();
    }
    return page
      .locator("[data-row]")
      .evaluateAll((rows) =>
        rows
          .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
          .map((row) => row.lastElementChild?.textContent ?? ""),
      );
  };

  const readers = async (): Promise<number> => {
    const metrics = await (
      await fetch(`${stage.server.url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })
    ).text();
    return Number(/^mission_control_stream_readers (\d+)/m.exec(metrics)?.[1]);
  };

  test("two tabs share one connection, and both see every event", async () => {
    const { task, payload } = await stage.running({ title: "Seen twice" });
    const first = await stage.open(context, `/?task=${task.id}&types=activity`);
    const second = await stage.open(context, `/?task=${task.id}&types=activity`);
    for (const message of ["one", "two", "three"]) {
      await stage.agent.report(payload, { type: "progress", message });
    }
    for (const page of [first, second]) {
      await page.getByText("three", { exact: true }).waitFor();
      assert.deepEqual(await messages(page), ["three", "two", "one"]);
    }
    assert.equal(await readers(), 1);
    await first.close();
    await stage.agent.report(payload, { type: "progress", message: "four" });
    await second.getByText("four", { exact: true }).waitFor();
  });

  test("without SharedWorker one of eight tabs holds the connection, and another when it is closed", async () => {
    await context.addInitScript(() => Reflect.deleteProperty(window, "SharedWorker"));
    const { task, payload } = await stage.running({ title: "Seen by eight" });
    const tabs: Page[] = [];
    // Six streams would leave the seventh tab no connection, not even to load.
    for (let number = 0; number < 8; number++) {
      tabs.push(await stage.open(context, `/?task=${task.id}&types=activity`));
    }
    assert.equal(await readers(), 1);
    const [leader, ...others] = tabs as [Page, ...Page[]];
    await stage.agent.report(payload, { type: "progress", message: "one" });
    for (const page of tabs) await page.getByText("one", { exact: true }).waitFor();
    await leader.close();
    await stage.agent.report(payload, { type: "progress", message: "two" });
    for (const page of others) await page.getByText("two", { exact: true }).waitFor();
    await stage.server.stop("SIGKILL");
    for (const page of others) await page.getByText(/^Reconnecting/).waitFor();
    await stage.server.resume();
    // Else it waits the longer, the longer the server took to start: the browser says that it has its network again.
    await others[0]?.evaluate(() => dispatchEvent(new Event("online")));
    await stage.agent.report(payload, { type: "progress", message: "three" });
    for (const page of others) {
      await page.getByText("three", { exact: true }).waitFor();
      assert.deepEqual(await messages(page), ["three", "two", "one"]);
    }
    assert.equal(await readers(), 1);
  });

  test("a browser without a network says so, and catches up when it is back", async () => {
    // The network of a SharedWorker cannot be taken away from outside; that of a page can.
    await context.addInitScript(() => Reflect.deleteProperty(window, "SharedWorker"));
    const { task, payload } = await stage.running({ title: "Out of reach" });
    const page = await stage.open(context, `/?task=${task.id}&types=activity`);
    await stage.agent.report(payload, { type: "progress", message: "in reach" });
    await page.getByText("in reach", { exact: true }).waitFor();
    // A stream that is open goes on in a browser that is told to be offline, so it is cut where it comes from.
    await context.setOffline(true);
    await stage.server.stop("SIGKILL");
    await page.getByText(/^Offline/).waitFor();
    await stage.server.resume();
    assert.ok(await page.getByText("in reach", { exact: true }).isVisible(), "what was there stays");
    for (const message of ["missed 1", "missed 2"]) {
      await stage.agent.report(payload, { type: "progress", message });
    }
    await context.setOffline(false);
    await page.getByText("missed 2", { exact: true }).waitFor();
    await page.getByText(/^Live/).waitFor();
    assert.deepEqual(await messages(page), ["missed 2", "missed 1", "in reach"]);
  });

  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    test(`the server restarts under an open page (${signal}): nothing lost, nothing doubled`, async () => {
      const { task, payload } = await stage.running({ title: `Outlives ${signal}` });
      const page = await stage.open(context, `/?task=${task.id}&types=activity`);
      await stage.agent.report(payload, { type: "progress", message: "before" });
      await page.getByText("before", { exact: true }).waitFor();
      await stage.server.stop(signal);
      await page.getByText(/^Reconnecting/).waitFor();
      assert.ok(await page.getByText("before", { exact: true }).isVisible(), "what was there stays");
      await stage.server.resume();
      for (let count = 1; count <= 20; count++) {
        assert.equal(await stage.agent.report(payload, { type: "progress", message: `after ${count}` }), 200);
      }
      const retry = page.getByRole("button", { name: "Try now" });
      if (await retry.isVisible()) await retry.click().catch(() => undefined);
      await page.getByText("after 20", { exact: true }).waitFor({ timeout: 40_000 });
      await page.getByText(/^Live/).waitFor();
      const expected = ["before", ...Array.from({ length: 20 }, (_, index) => `after ${index + 1}`)];
      assert.deepEqual(await messages(page), expected.reverse());
    });
  }

  test("hostile words are only words, on every page that shows them", async () => {
    const hostile = {
      script: `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`,
      bidi: "safe\u202Egpj.exe\u2066",
      zero: "pay\u200Bpal\uFEFF",
      link: "[click](javascript:window.hacked=1) ![x](https://example.com/spy.png) <a href='javascript:1'>y</a>",
      word: "x".repeat(60_000),
      marks: `Z${"\u0351".repeat(500)}`,
    };
    const { task, payload } = await stage.running({
      title: `${hostile.script} ${hostile.bidi}`.slice(0, 400),
      description: Object.values(hostile).join("\n\n"),
      tags: [`<b>${hostile.zero}`],
    });
    const outside: string[] = [];
    context.on("request", (request) => {
      if (!request.url().startsWith(stage.server.url)) outside.push(request.url());
    });
    const page = await stage.open(context, "/");
    for (const message of Object.values(hostile)) {
      assert.equal(
        await stage.agent.report(payload, {
          type: "progress",
          message,
          data: { note: message.slice(0, 2_000) },
        }),
        200,
      );
    }
    // One word of a megabyte is refused by the server; the page never sees it.
    assert.equal(
      await stage.agent.report(payload, { type: "progress", message: "y".repeat(1_000_000) }),
      413,
    );
    await stage.agent.report(payload, { type: "error", error: hostile.word, lastState: hostile.script });
    await page.getByText("Failed").first().waitFor();
    const places = [
      [`/?task=${task.id}`, "onerror"],
      ["/board", "onerror"],
      [`/tasks/${task.id}`, "onerror"],
      ["/insights", "xxxx"],
      [`/agents?agent=${stage.agent.id}`, "xxxx"],
    ] as const;
    for (const [path, words] of places) {
      await page.goto(stage.server.url + path);
      await page.getByText(words).first().waitFor();
      const state = await page.evaluate(() => ({
        hacked: "hacked" in window,
        elements: document.querySelectorAll("main script, main img, main a[href^='javascript']").length,
        sideways: document.documentElement.scrollWidth > innerWidth,
      }));
      assert.deepEqual(state, { hacked: false, elements: 0, sideways: false }, path);
    }
    await page.goto(`${stage.server.url}/tasks/${task.id}`);
    await page.getByText("U+202E").first().waitFor();
    await page.getByText("U+200B").first().waitFor();
    assert.deepEqual(outside, []);
  });

  test("on a slow network the page shows that it loads, then what there is", async () => {
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 300,
      downloadThroughput: 100_000,
      uploadThroughput: 20_000,
    });
    // Before it is known who looks, too.
    const loading = page.getByRole("status").filter({ hasText: "Loading…" }).first();
    const untilShown = async (route: Route) => {
      await loading.waitFor();
      await route.continue();
    };
    await page.route("**/api/session", untilShown, { times: 1 });
    await page.goto(`${stage.server.url}/board`);
    await page.locator('[data-status="in_progress"] [data-task]').first().waitFor({ timeout: 40_000 });
    await page.getByText("Live", { exact: true }).waitFor({ timeout: 40_000 });
  });

  test("a session that ends leaves the page readable and logs in over it", async () => {
    const { task, payload } = await stage.running({ title: "Read on" });
    const page = await stage.open(context, `/?task=${task.id}&types=activity`);
    await stage.agent.report(payload, { type: "progress", message: "still here" });
    await page.getByText("still here", { exact: true }).waitFor();
    const own = (await (await stage.whoAmI(context)).json()) as { id: string };
    // Its stream ends with it, and the next one is refused.
    await stage.server.call("DELETE", `/api/sessions/${own.id}`);
    await page.getByRole("heading", { name: "You are logged out" }).waitFor({ timeout: 40_000 });
    assert.ok(await page.getByText("still here", { exact: true }).isVisible());
    await stage.agent.report(payload, { type: "progress", message: "meanwhile" });
    await page.getByLabel("Token").fill(TOKEN);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("meanwhile", { exact: true }).waitFor();
    await page.getByRole("heading", { name: "You are logged out" }).waitFor({ state: "detached" });
  });

  test("a log that began anew is loaded anew, under the open page", async () => {
    const own = await Stage.set();
    const profile = await own.logIn();
    for (let number = 1; number <= 5; number++) await own.task({ title: `Old task ${number}` });
    const page = await own.open(profile, "/board");
    await page.locator("[data-task]", { hasText: "Old task 5" }).waitFor();
    await own.server.stop();
    await own.server.wipe();
    await own.server.resume();
    await own.task({ title: "New world" });
    await page
      .getByRole("button", { name: "Try now" })
      .click({ timeout: 5_000 })
      .catch(() => undefined);
    await page.getByLabel("Token").fill(TOKEN, { timeout: 40_000 });
    await page.getByRole("button", { name: "Log in" }).click();
    await page.locator("[data-task]", { hasText: "New world" }).waitFor();
    await page.locator("[data-task]", { hasText: "Old task" }).first().waitFor({ state: "detached" });
    await own.task({ title: "And on it goes" });
    await page.locator("[data-task]", { hasText: "And on it goes" }).waitFor();
    assert.deepEqual(own.complaints, []);
    await own.strike();
  });

  test("agents that report in turns keep a row each, over the border of history and live, and every report opens", async () => {
    const first = await stage.running({ title: "Interleaved one" });
    const second = await stage.running({ title: "Interleaved two" });
    const inTurns = async (from: number, to: number) => {
      for (let number = from; number <= to; number++) {
        for (const { payload } of [first, second]) {
          await stage.agent.report(payload, { type: "progress", message: `step ${number}` });
        }
      }
    };
    await inTurns(1, 30);
    const page = await stage.open(context, "/?types=activity&q=interleaved");
    const counts = page.getByRole("button", { name: /progress reports of this attempt/ });
    await counts.filter({ hasText: /^30$/ }).nth(1).waitFor();
    await inTurns(31, 60);
    await counts.filter({ hasText: /^60$/ }).nth(1).waitFor();
    assert.equal(await page.locator("[data-row]").count(), 2, "a row an attempt");
    await counts.first().click();
    // The oldest of the sixty is there, whatever has to be scrolled.
    await page
      .getByRole("link", { name: /step 60/ })
      .last()
      .focus();
    const oldest = page.getByText("step 1", { exact: true });
    // A key that comes while the rows it leads to are still being put there leads nowhere.
    for (let key = 0; key < 300 && !(await oldest.isVisible()); key++) await page.keyboard.press("j");
    await oldest.waitFor();

    await page.goto(`${stage.server.url}/tasks/${first.task.id}?tab=timeline`);
    await page.getByRole("button", { name: "60 reports" }).click();
    await page.getByText("step 1", { exact: true }).waitFor({ state: "attached" });
  });

  test("events are searched where all of them are, and what was found is marked", async () => {
    const { payload } = await stage.running({ title: "Far back" });
    await stage.agent.report(payload, { type: "progress", message: "The needle in the hay" });
    for (let number = 0; number < 120; number++) await stage.task({ title: `Hay ${number}` });
    const page = await stage.open(context, "/");
    await page.getByRole("searchbox", { name: "Search events" }).fill("NEEDLE in");
    await page.locator("[data-row] mark", { hasText: "needle in" }).waitFor();
    assert.equal(await page.locator("[data-row]").count(), 1);
    await stage.agent.report(payload, { type: "progress", message: "Another needle in it" });
    await page.locator("[data-row]", { hasText: "Another needle in it" }).waitFor();
    await page.getByRole("searchbox", { name: "Search events" }).fill("far BACK");
    await page.locator("[data-row] mark", { hasText: "Far back" }).first().waitFor();
    await page.getByRole("searchbox", { name: "Search events" }).fill("stands nowhere");
    await page.getByText("No event matches these filters").waitFor();
  });

  test("whoever reads is not disturbed: scrolled or paused, new events wait behind a button", async () => {
    const { payload } = await stage.running({ title: "Chatty" });
    const page = await stage.open(context, "/");
    await page.getByRole("button", { name: "Pause" }).click();
    const first = page.locator("[data-row]").first();
    const before = await first.getAttribute("data-row");
    await stage.agent.report(payload, { type: "progress", message: "unheard" });
    await page.getByRole("button", { name: /^\d+ new$/ }).waitFor();
    assert.equal(await page.getByText("unheard", { exact: true }).count(), 0);
    assert.equal(await first.getAttribute("data-row"), before);
    await page.getByRole("button", { name: /^\d+ new$/ }).click();
    await page.getByText("unheard", { exact: true }).waitFor();
  });
});
