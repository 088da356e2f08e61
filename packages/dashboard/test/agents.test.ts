import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AgentView } from "@mission-control/protocol";
import type { BrowserContext, Page } from "playwright-core";
import { assertAccessible } from "./support/axe.ts";
import { chromiumPath } from "./support/browser.ts";
import { type Stage, withStage } from "./support/stage.ts";

const skip = chromiumPath === null && "there is no Chromium on this machine";

const dialog = (page: Page) => page.getByRole("dialog");
const panel = (page: Page) => page.getByRole("complementary");

describe("the agents' page", { skip }, () => {
  let stage: Stage;
  let context: BrowserContext;
  withStage((set, fresh) => {
    stage = set;
    context = fresh;
  });

  const addAgent = (name: string, more: object = {}) =>
    stage.server.call<AgentView>("POST", "/api/agents", {
      name,
      endpoint: { kind: "http", url: "http://127.0.0.1:9/dispatch?key=secret" },
      ...more,
    });
  const readAgent = (id: string) => stage.server.call<AgentView>("GET", `/api/agents/${id}`);

  test("a row has the task under way and the last that was said, and both move", async () => {
    const { task, payload } = await stage.running({ title: "Sort the mail" });
    await stage.agent.report(payload, { type: "progress", message: "Opening **letter** 1" });
    const page = await stage.open(context, "/agents");
    const row = page.getByRole("row", { name: /Ada/ });
    await row.getByRole("link", { name: "Sort the mail" }).waitFor();
    await row.getByText("Opening letter 1").waitFor();
    await stage.agent.report(payload, { type: "progress", message: "Opening letter 2" });
    await row.getByText("Opening letter 2").waitFor();
    await row.getByRole("link", { name: "Ada" }).click();
    await panel(page).getByRole("region", { name: "Under way" }).getByText("Opening letter 2").waitFor();
    await stage.agent.report(payload, { type: "complete", summary: "Sorted." });
    await panel(page).getByText("It has no task.").waitFor();
    await row.getByText("Idle").waitFor();
    assert.equal(task.title, "Sort the mail");
  });

  test("a row tells what the agent cost today, and the panel why its attempts failed", async () => {
    const page = await stage.open(context, "/agents");
    const row = page.getByRole("row", { name: /Ada/ });
    const paid = await stage.running({ title: "Costly" });
    const usage = { inputTokens: 10, outputTokens: 5, cost: { amount: 1.25, currency: "USD" } };
    await stage.agent.report(paid.payload, { type: "complete", summary: "Done.", usage });
    await row.getByText("1.25 USD").waitFor();
    await row.getByRole("link", { name: "Ada" }).press("Enter");
    const broken = await stage.running({ title: "Broken" });
    await stage.agent.report(broken.payload, { type: "error", error: "The disk is full", lastState: "" });
    const failures = panel(page).getByRole("region", { name: "Why attempts failed" });
    await failures.getByText("The disk is full").waitFor();
    await failures.getByRole("link", { name: "Broken" }).waitFor();
  });

  test("a coding agent is added by its commands, in order, and the page sees it come", async () => {
    const page = await stage.open(context, "/agents");
    await page.getByRole("button", { name: "Add agent" }).press("Enter");
    await dialog(page).getByText("What is it?").waitFor();
    await assertAccessible(page, "What kind of agent");
    await dialog(page)
      .getByRole("button", { name: /^Claude Code/ })
      .press("Enter");
    await dialog(page).getByLabel("Name", { exact: true }).fill("claude");
    assert.deepEqual(await dialog(page).locator("pre").allInnerTexts(), [
      "npm install -g @agentclientprotocol/claude-agent-acp",
      "npx mission-control agent --acp claude-agent-acp --name claude --cwd ~/project",
    ]);
    await dialog(page).getByText("Waits until claude is there").waitFor();
    await assertAccessible(page, "The commands of an agent");
    const { id } = await addAgent("claude");
    await dialog(page).getByRole("heading", { name: "claude is there" }).waitFor();
    await dialog(page).getByRole("button", { name: "Send a test task" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "claude" }).waitFor();
    await stage.server.call("DELETE", `/api/agents/${id}`);
  });

  test("an agent's secret is replaced and shown once, and its address changed with what is hidden kept", async () => {
    const { id } = await addAgent("Mover");
    const page = await stage.open(context, `/agents?agent=${id}`);
    await panel(page).getByRole("button", { name: "Rotate secret" }).press("Enter");
    await assertAccessible(page, "Rotating a secret");
    await dialog(page).getByLabel("The old secret signs too").selectOption("hour");
    await dialog(page).getByRole("button", { name: "Rotate" }).press("Enter");
    await dialog(page)
      .getByText(/^whsec_/)
      .waitFor();
    await dialog(page).getByRole("button", { name: "Done" }).press("Enter");
    await panel(page).getByText("Two secrets sign until").waitFor();
    assert.ok((await readAgent(id)).previousSecretUntil);

    await panel(page).getByRole("button", { name: "Edit" }).press("Enter");
    const address = dialog(page).getByLabel("Address");
    assert.equal(await address.inputValue(), "http://127.0.0.1:9/dispatch?key=***");
    await address.fill("http://127.0.0.1:10/dispatch");
    await page.keyboard.press("Control+Enter");
    await panel(page).getByText("http://127.0.0.1:10/dispatch").waitFor();
    await stage.server.call("DELETE", `/api/agents/${id}`);
  });

  test("what an agent need not ask is said by rules, and the panel tells how often each was used", async () => {
    const page = await stage.open(context, `/agents?agent=${stage.agent.id}`);
    const permissions = panel(page).getByRole("region", { name: "Permissions" });
    await permissions.getByText("You are asked everything.").waitFor();
    await permissions.getByRole("button", { name: "Change" }).press("Enter");
    await dialog(page)
      .getByRole("radio", { name: /By rules/ })
      .check();
    await dialog(page).getByLabel("Allowed commands").fill("npm test\nbash");
    await dialog(page).getByText("“bash” can do anything").waitFor();
    await assertAccessible(page, "The rules of an agent");
    await dialog(page).getByLabel("Allowed commands").fill("npm test\ngit status");
    await dialog(page).getByLabel("Allowed tools").fill("read");
    await dialog(page).getByRole("radio", { name: "Deny it" }).check();
    await page.keyboard.press("Control+Enter");
    await permissions.getByText("npm test").waitFor();
    assert.deepEqual((await readAgent(stage.agent.id)).permissions, {
      allowTools: ["read"],
      allowCommands: ["npm test", "git status"],
      otherwise: "deny",
    });

    const { payload } = await stage.running({ title: "Run the tests" });
    const ask = (id: string, command: string) =>
      stage.agent.report(payload, {
        type: "permission",
        request: {
          id,
          title: command,
          tool: { name: "execute", input: { command } },
          options: [
            { optionId: "yes", name: "Yes", kind: "allow_once" },
            { optionId: "no", name: "No", kind: "reject_once" },
          ],
        },
      });
    await ask("one", "npm test -- --watch=false");
    await ask("two", "npm test");
    await ask("three", "rm -rf /");
    await page.reload();
    await permissions.getByText("used 2 times").waitFor();
    await permissions.getByText("denied 1 time").waitFor();
    assert.equal(await permissions.getByText("not used").count(), 2);
    await assertAccessible(page, "The rules in the panel");
    await permissions.getByRole("button", { name: "Change" }).press("Enter");
    await dialog(page)
      .getByRole("radio", { name: /Always ask me/ })
      .check();
    await page.keyboard.press("Control+Enter");
    await permissions.getByText("You are asked everything.").waitFor();
  });
});
