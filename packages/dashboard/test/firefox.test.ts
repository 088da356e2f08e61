import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Firefox, firefoxPath } from "./support/firefox.ts";
import { type ReverseProxy, startProxy } from "./support/reverse-proxy.ts";
import { ServerProcess } from "./support/server-process.ts";
import { TestAgent } from "./support/test-agent.ts";

const ENTER = "\uE007";
const DOWN = "\uE015";
const ESCAPE = "\uE00C";

/** `npm run test:firefox` installs one. */
const skip = firefoxPath === null && "there is no Firefox on this machine";

describe("in Firefox", { skip }, () => {
  let server: ServerProcess;
  let proxy: ReverseProxy;
  let agent: TestAgent;
  let firefox: Firefox;
  /** Parts of the page's script that are still answered with 404 so many times. */
  const missing = new Map<string, number>();
  before(async () => {
    server = await ServerProcess.start();
    proxy = await startProxy(
      server.port,
      (headers) => headers,
      (target) => {
        for (const [part, times] of missing) {
          if (times === 0 || !target.includes(part)) continue;
          missing.set(part, times - 1);
          return "/assets/nowhere.js";
        }
        return target;
      },
    );
    agent = await TestAgent.join(server, "Ada");
    firefox = await Firefox.launch();
  });
  after(async () => {
    await firefox.close();
    await agent.close();
    await proxy.close();
    await server.close();
  });

  const shows = (words: string) =>
    firefox.until(`document.body.innerText.includes(${JSON.stringify(words)})`);

  test("the main path: log in by the link, make a task by keys, dispatch it, watch it, answer, approve", async () => {
    const { hash } = new URL(server.logInUrl);
    await firefox.goto(`http://127.0.0.1:${proxy.port}/login${hash}`);
    await shows("Live");
    await firefox.press("c");
    await firefox.until("document.activeElement.tagName === 'INPUT'");
    await firefox.press(`From Firefox${ENTER}`);
    await firefox.until("!document.querySelector('[role=dialog]')");
    await shows("From Firefox");
    await firefox.until("document.activeElement === document.body || document.activeElement.closest('main')");
    await firefox.press("j");
    await firefox.until("document.activeElement.closest('[data-task]')");
    await firefox.press("m");
    await firefox.until("document.activeElement.closest('[role=menu]')");
    await firefox.press(DOWN);
    await firefox.until("document.activeElement.textContent === 'Dispatch'");
    await firefox.press(ENTER);
    await firefox.click("[role=dialog] input[type=search]");
    await firefox.press(ENTER);
    const payload = await agent.nextTitled("From Firefox");
    await agent.report(payload, { type: "progress", message: "Half-way there", progress: 0.5 });
    await shows("Half-way there");
    await agent.report(payload, {
      type: "permission",
      request: {
        id: "req_1",
        title: "Run rm -rf build",
        options: [
          { optionId: "allow", name: "Allow once", kind: "allow_once" },
          { optionId: "deny", name: "Deny", kind: "reject_once" },
        ],
      },
    });
    await shows("Allow once");
    await firefox.click("[data-task] button[class*=primary]");
    await agent.hears(`POST /dispatch/${payload.dispatchId}/permissions/req_1`);
    await agent.report(payload, { type: "complete", summary: "All **done**" });
    const card = `[data-status=completed] [data-task="${payload.task.id}"] a`;
    await firefox.until(`document.querySelector(${JSON.stringify(card)})`);
    await firefox.click(card);
    await firefox.until("document.querySelector('aside strong')?.textContent === 'done'");
    await firefox.press(ESCAPE);
    await firefox.until("!location.search.includes('task=')");
  });

  test("a part of the script that failed is loaded again, and an open page outlives a restart", async () => {
    missing.set("agents-page", 3);
    await firefox.press("gg");
    await shows("This part of the page could not be loaded");
    await firefox.until("document.querySelector('[data-agent]')");
    assert.equal(missing.get("agents-page"), 0);
    await server.stop("SIGKILL");
    await shows("Reconnecting");
    await server.resume();
    // Else it waits the longer, the longer the server took to start: the browser says that it has its network again.
    await firefox.evaluate("dispatchEvent(new Event('online'))");
    await firefox.until(
      `[...document.querySelectorAll("header span")].some((one) => one.textContent.startsWith("Live"))`,
    );
  });
});
