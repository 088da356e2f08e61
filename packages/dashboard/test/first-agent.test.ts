import { describe, test } from "node:test";
import type { BrowserContext } from "playwright-core";
import { assertAccessible } from "./support/axe.ts";
import { chromiumPath } from "./support/browser.ts";
import { type Stage, withStage } from "./support/stage.ts";

const skip = chromiumPath === null && "there is no Chromium on this machine";

describe("the first agent", { skip }, () => {
  let stage: Stage;
  let context: BrowserContext;
  withStage(async (set, fresh) => {
    stage = set;
    context = fresh;
  });

  test("the page of no agents has the choice, and the one command, on itself", async () => {
    await stage.server.call("DELETE", `/api/agents/${stage.agent.id}`);
    const page = await stage.open(context, "/agents");
    await page.getByRole("heading", { name: "There are no agents yet" }).waitFor();
    await page.getByText("npx mission-control agent --exec").waitFor();
    await assertAccessible(page, "The page of no agents");
    await page.getByRole("button", { name: /^Claude Code/ }).press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.getByText("npx mission-control agent --acp claude-agent-acp").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await stage.join("Somebody");
    await page.getByRole("row", { name: /Somebody/ }).waitFor();
  });
});
