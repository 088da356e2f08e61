import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { chromiumPath, launchChromium } from "./support/browser.ts";
import { type ReverseProxy, startProxy } from "./support/reverse-proxy.ts";
import { ServerProcess, TOKEN } from "./support/server-process.ts";

/** A name that stands for this machine, as on a local network: no browser trusts it as it trusts `localhost`. */
const LAN_NAME = "mc.lan";

/** Types the token into the log-in page. */
async function typeToken(page: Page): Promise<void> {
  await page.getByLabel("Token").fill(TOKEN);
  await page.getByRole("button", { name: "Log in" }).click();
}

const live = (page: Page) => page.getByText("Live", { exact: true }).waitFor();

describe("logging in", { skip: chromiumPath === null }, () => {
  let browser: Browser;
  let context: BrowserContext;
  const open: { close(): Promise<void> }[] = [];
  before(async () => {
    browser = await launchChromium([LAN_NAME, "rebound.example"]);
    open.push(browser);
  });
  after(async () => {
    for (const one of open.reverse()) await one.close();
  });

  const servers = new Map<string, ServerProcess>();

  /** A server with these settings: the same for all tests that want the same. */
  async function start(settings: Record<string, string> = {}): Promise<ServerProcess> {
    const name = JSON.stringify(settings);
    const server = servers.get(name) ?? (await ServerProcess.start(settings));
    if (!servers.has(name)) open.push(server);
    servers.set(name, server);
    return server;
  }

  async function proxied(...options: Parameters<typeof startProxy>): Promise<ReverseProxy> {
    const proxy = await startProxy(...options);
    open.push(proxy);
    return proxy;
  }

  /** A page of a browser profile that knows nothing. */
  async function newPage(options: Parameters<Browser["newContext"]>[0] = {}): Promise<Page> {
    context = await browser.newContext(options);
    context.setDefaultTimeout(15_000);
    return context.newPage();
  }

  test("two servers on one host keep their log-ins apart, and neither's cookie is enough by itself", async () => {
    const [one, other] = [await start(), await start({ MISSION_CONTROL_ALLOWED_HOSTS: LAN_NAME })];
    const page = await newPage();
    for (const server of [one, other]) {
      await page.goto(server.url);
      await typeToken(page);
      await live(page);
    }
    await page.goto(one.url);
    await live(page);
    await page.reload();
    await live(page);

    // What any other server on this host is sent by the browser, and anybody else may say.
    const cookies = await context.cookies(`http://127.0.0.1:${other.port}`);
    assert.equal(cookies.length, 2);
    const Cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
    for (const path of ["/api/session", "/api/tasks", "/api/events"]) {
      const stolen = await fetch(one.url + path, { headers: { Cookie, Origin: one.url } });
      assert.equal(stolen.status, 401, path);
      await stolen.body?.cancel();
    }
    await context.close();
  });

  test("works under a path of its own, whether or not the proxy takes the path away", async () => {
    const server = await start({
      MISSION_CONTROL_PUBLIC_URL: "https://mc.example/team/mission",
      MISSION_CONTROL_ALLOWED_HOSTS: "127.0.0.1",
    });
    const { id } = await server.call<{ id: string }>("POST", "/api/tasks", { title: "Count the stars" });
    const takesAway = (url: string) => url.replace("/team/mission", "") || "/";
    for (const rewrite of [(url: string) => url, takesAway]) {
      const { port } = await proxied(server.port, (headers) => headers, rewrite);
      const root = `http://127.0.0.1:${port}/team/mission`;
      const page = await newPage();
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      await page.goto(`${root}/`);
      await typeToken(page);
      await live(page);
      await page.getByRole("link", { name: "Board" }).click();
      // Until the board is there, what happened to the task stands on the page before.
      await page.locator("[data-task]", { hasText: "Count the stars" }).getByRole("link").click();
      await page.getByRole("link", { name: "Open as a page" }).click();
      await page.waitForURL(`${root}/tasks/${id}`);
      await page.reload();
      await page.getByRole("heading", { name: "Count the stars" }).waitFor();
      await server.call("PATCH", `/api/tasks/${id}`, { title: "Count the stars again" });
      await page.getByRole("heading", { name: "Count the stars again" }).waitFor();
      assert.deepEqual(
        asked.filter((url) => !url.startsWith(root)),
        [],
        "everything is asked for under the path",
      );
      await context.close();
    }
  });

  test("works over plain http by a name on the local network, in every tab", async () => {
    const server = await start({ MISSION_CONTROL_ALLOWED_HOSTS: LAN_NAME });
    const url = `http://${LAN_NAME}:${server.port}`;
    const page = await newPage();
    await page.goto(url);
    await typeToken(page);
    await live(page);
    const second = await context.newPage();
    await second.goto(`${url}/board`);
    await live(second);

    await page.goto(`${url}/settings`);
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("Token").waitFor();
    await second.getByRole("heading", { name: "You are logged out" }).waitFor();
    await typeToken(page);
    await live(page);
    await second.getByRole("heading", { name: "You are logged out" }).waitFor({ state: "detached" });
    await live(second);
    await context.close();
  });

  test("says why when the browser drops a cookie that is for https", async () => {
    const server = await start({
      MISSION_CONTROL_PUBLIC_URL: "https://mc.example",
      MISSION_CONTROL_ALLOWED_HOSTS: LAN_NAME,
    });
    const page = await newPage();
    await page.goto(`http://${LAN_NAME}:${server.port}`);
    await typeToken(page);
    await page.getByText("the cookie is for https, and this page came over http").waitFor();
    await page.goto(`http://${LAN_NAME}:${server.port}/login${new URL(server.logInUrl).hash}`);
    await page.getByText("the cookie is for https, and this page came over http").waitFor();
    await context.close();
  });

  test("a log-out that fails is not shown as done", async () => {
    const server = await start();
    const page = await newPage();
    await page.goto(server.url);
    await typeToken(page);
    await live(page);
    await page.goto(`${server.url}/settings`);
    await page.route("**/api/session", (route) =>
      route.request().method() === "DELETE"
        ? route.fulfill({ status: 503, json: { detail: "The disk is full." } })
        : route.fallback(),
    );
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByText("The disk is full.").waitFor();
    await page.unroute("**/api/session");
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("Token").waitFor();
    await context.close();
  });

  test("behind a proxy with a log-in of its own", async () => {
    const server = await start();
    const proxy = await proxied(server.port, (headers) =>
      headers.authorization?.startsWith("Basic ") ? headers : null,
    );
    const page = await newPage({ httpCredentials: { username: "op", password: "op" } });
    await page.goto(`http://127.0.0.1:${proxy.port}`);
    await typeToken(page);
    await live(page);
    await context.close();
  });

  test("behind a proxy that hides its name, says which setting is missing", async () => {
    const server = await start();
    const host = `127.0.0.1:${server.port}`;
    const proxy = await proxied(server.port, (headers) => ({ ...headers, host }));
    const url = `http://${LAN_NAME}:${proxy.port}`;
    const page = await newPage();
    await page.goto(url);
    await typeToken(page);
    await page.getByText(`MISSION_CONTROL_PUBLIC_URL=${url}`).waitFor();

    await context.close();
  });

  test("behind a trusted proxy that tells its name", async () => {
    const server = await start({
      MISSION_CONTROL_TRUSTED_PROXIES: "loopback",
      MISSION_CONTROL_ALLOWED_HOSTS: LAN_NAME,
    });
    const proxy = await proxied(server.port, (headers) => ({
      ...headers,
      host: "backend",
      "x-forwarded-host": headers.host,
      "x-forwarded-proto": "http",
    }));
    const page = await newPage();
    await page.goto(`http://${LAN_NAME}:${proxy.port}`);
    await typeToken(page);
    await live(page);
    await page.goto(`http://${LAN_NAME}:${proxy.port}/settings`);
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("Token").waitFor();
    await context.close();
  });

  test("by a name that is not the server's, there is nothing to log in to", async () => {
    const server = await start();
    const page = await newPage();
    const answer = await page.goto(`http://rebound.example:${server.port}/`);
    assert.equal(answer?.status(), 421);
    await context.close();
  });
});
