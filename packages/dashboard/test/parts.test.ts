import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { chromiumPath, launchChromium } from "./support/browser.ts";
import { type ReverseProxy, startProxy } from "./support/reverse-proxy.ts";
import { ServerProcess, TOKEN } from "./support/server-process.ts";

/** What a server does not have. */
const NOWHERE = "/assets/nowhere.js";

/** Parts of the page that the server does not send, as while it restarts, or after an upgrade that renamed them. */
describe("parts of the page's script", { skip: chromiumPath === null }, () => {
  let server: ServerProcess;
  let proxy: ReverseProxy;
  let browser: Browser;
  let page: Page;
  /** How often each request that matches is still answered with another file, and with which. */
  let failures: { asked: RegExp; times: number; instead: string }[] = [];
  const fail = (asked: RegExp, times: number, instead = NOWHERE) => {
    const failure = { asked, times, instead };
    failures.push(failure);
    return failure;
  };

  before(async () => {
    server = await ServerProcess.start();
    const rewrite = (target: string) => {
      const failure = failures.find(({ asked, times }) => times > 0 && asked.test(target));
      if (!failure) return target;
      failure.times -= 1;
      return failure.instead;
    };
    proxy = await startProxy(server.port, (headers) => headers, rewrite);
    browser = await launchChromium();
  });
  afterEach(async () => {
    failures = [];
    await page.context().close();
  });
  after(async () => {
    await browser.close();
    await proxy.close();
    await server.close();
  });

  const live = () => page.getByText("Live", { exact: true }).waitFor();

  async function open(path: string): Promise<void> {
    const context = await browser.newContext();
    context.setDefaultTimeout(15_000);
    page = await context.newPage();
    await page.goto(`http://127.0.0.1:${proxy.port}${path}`);
    await page.getByLabel("Token").fill(TOKEN);
    await page.getByRole("button", { name: "Log in" }).click();
    await live();
  }

  test("that fail are loaded again, at once and then until they are there", async () => {
    await open("/");
    const once = fail(/gateways-page/, 1);
    await page.getByRole("link", { name: "Gateways" }).click();
    await page.getByText("No gateway is connected").waitFor();
    assert.equal(once.times, 0);

    const often = fail(/agents-page/, Number.POSITIVE_INFINITY);
    await page.getByRole("link", { name: "Agents" }).click();
    const missing = page.getByRole("heading", { name: "This part of the page could not be loaded" });
    await missing.waitFor();
    await page.getByRole("link", { name: "Activity" }).click();
    await missing.waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Agents" }).click();
    await missing.waitFor();
    often.times = 0;
    // Whoever does not want to wait; it may have been tried again by now.
    await page
      .getByRole("button", { name: "Try again" })
      .click({ timeout: 1_000 })
      .catch(() => undefined);
    await page.getByRole("button", { name: "Add agent" }).first().waitFor();

    const palette = fail(/command-palette/, 2);
    await page.keyboard.press("Control+k");
    await page.getByRole("region", { name: "Notices" }).getByText("could not be loaded").waitFor();
    assert.equal(palette.times, 0);
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Search or run" }).waitFor();
  });

  test("that come late do not lose the way there: what was typed before does not lead back", async () => {
    await open("/");
    let send: () => void = () => undefined;
    const sent = new Promise<void>((resolve) => {
      send = resolve;
    });
    await page.route(/board-page/, async (route) => {
      await sent;
      await route.continue();
    });
    await page.getByRole("searchbox", { name: "Search events" }).fill("stars");
    await page.getByRole("link", { name: "Board" }).click();
    // Longer than what is typed waits before it is put into the address.
    await page.waitForTimeout(400);
    send();
    await page.getByRole("heading", { name: "There are no tasks yet" }).waitFor();
    assert.equal(new URL(page.url()).pathname, "/board");
  });

  test("that an upgrade has renamed: a new page is offered, at the same place", async () => {
    await open("/");
    fail(/settings-page/, Number.POSITIVE_INFINITY);
    // Another page than the one that is open: of another build.
    fail(/^\/$/, Number.POSITIVE_INFINITY, "/boot.js");
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("heading", { name: "Mission Control was upgraded" }).waitFor();
    await page.evaluate(() => Object.assign(window, { isOld: true }));
    await page.getByRole("button", { name: "Reload the page" }).click();
    // Not before: the old page asks for the part again and again, and would show it by itself.
    failures = [];
    await page.waitForFunction(() => !("isOld" in window));
    await page.getByRole("heading", { name: "Theme" }).waitFor();
    assert.equal(new URL(page.url()).pathname, "/settings");
  });

  test("the page's own script and the connection's are asked for again", async () => {
    const own = fail(/assets\/index-.*js/, 1);
    const style = fail(/assets\/style-.*css/, 1);
    const worker = fail(/worker-/, 1);
    await open("/agents");
    assert.deepEqual([own.times, style.times, worker.times], [0, 0, 0]);
    await page.getByRole("button", { name: "Add agent" }).first().waitFor();
    assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).fontSize), "16px");
  });
});
