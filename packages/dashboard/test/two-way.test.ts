import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import { assertAccessible } from "./support/axe.ts";
import { chromiumPath } from "./support/browser.ts";
import { type Stage, withStage } from "./support/stage.ts";

const skip = chromiumPath === null && "there is no Chromium on this machine";
const ESC = "\u001B";

const DIFF = `--- a/src/auth.ts
+++ b/src/auth.ts
@@ -1,2 +1,2 @@
 import { session } from "./session";
-redirect("/");
+redirect(session.wanted);
`;

describe("two ways", { skip }, () => {
  let stage: Stage;
  let context: BrowserContext;
  withStage((set, profile) => {
    stage = set;
    context = profile;
  });

  const entry = (payload: Parameters<Stage["agent"]["report"]>[0], fields: object) =>
    stage.agent.report(payload, { type: "progress", entry: fields });
  const row = (page: Page, words: string) => page.locator("[data-entry]", { hasText: words });

  test("a transcript tells what was said and done, live, and takes messages to the agent", async () => {
    const { task, payload } = await stage.running({ title: "Fix the redirect" });
    await entry(payload, { kind: "message", role: "assistant", text: "I read the **log-in** first." });
    await entry(payload, {
      id: "t1",
      kind: "tool",
      name: "Bash",
      input: { command: "npm test" },
      state: "running",
    });
    await entry(payload, {
      id: "t1",
      kind: "tool",
      state: "failed",
      exitCode: 1,
      durationMs: 1_200,
      output: `${ESC}[31mnot ok${ESC}[0m 1 redirect\n${ESC}[2Kdone\u0007`,
    });
    await entry(payload, { kind: "thought", text: "The address is lost." });
    await entry(payload, {
      kind: "plan",
      steps: [
        { title: "Write a test", state: "completed" },
        { title: "Mend it", state: "running" },
      ],
    });
    await entry(payload, { kind: "file", path: "src/auth.ts", change: "edited", diff: DIFF });

    const page = await stage.open(context, `/tasks/${task.id}`);
    await row(page, "I read the").locator("strong", { hasText: "log-in" }).waitFor();
    await row(page, "Mend it").getByText("1 of 2 done").waitFor();
    await row(page, "src/auth.ts").getByText("redirect(session.wanted);").waitFor();
    const tool = row(page, "npm test");
    await tool.getByText("exit 1").waitFor();
    await tool.getByRole("button", { name: /npm test/ }).click();
    const red = tool.locator("pre span", { hasText: /^not ok$/ });
    const colours = await red.evaluate((element) => {
      const bad = getComputedStyle(document.documentElement).getPropertyValue("--bad");
      const probe = document.body.appendChild(document.createElement("i"));
      probe.style.color = bad;
      const wanted = getComputedStyle(probe).color;
      probe.remove();
      return [getComputedStyle(element.closest("[class]") ?? element).color, wanted];
    });
    assert.equal(colours[0], colours[1], "in the theme's own red");
    await tool.getByText("ESC[2K").waitFor();
    await tool.getByText("U+0007").waitFor();
    await assertAccessible(page, "Transcript");

    await page.getByPlaceholder("Find in the transcript").fill("address is LOST");
    await page.getByText("0 of 1").waitFor();
    await page.keyboard.press("Enter");
    await page.locator('[data-match="true"]', { hasText: "The address is lost." }).waitFor();

    const field = page.getByRole("textbox", { name: "Message to the agent" });
    await field.fill("Keep the **query**, too.");
    await page.getByLabel("When the agent takes it").selectOption("next");
    await field.press("Control+Enter");
    const said = row(page, "Keep the query, too.");
    await said.getByText("delivered").waitFor();
    assert.ok(stage.agent.told.some((told) => told === `POST /dispatch/${payload.dispatchId}/messages`));
    const { items } = await stage.server.call<{ items: { id: string; mode: string }[] }>(
      "GET",
      `/api/tasks/${task.id}/messages`,
    );
    assert.equal(items[0]?.mode, "next");
    await stage.agent.report(payload, {
      type: "progress",
      message: "On it",
      data: { messageId: items[0]?.id },
    });
    await said.getByText("taken up").waitFor();
    await assertAccessible(page, "Transcript with a message");

    await stage.agent.report(payload, { type: "complete", summary: "It keeps *everything*." });
    await page.locator("[data-entry] em", { hasText: "everything" }).waitFor();
    assert.equal(await field.isDisabled(), true);
    await page.getByText("its agent takes no more messages").first().waitFor();
  });
});
