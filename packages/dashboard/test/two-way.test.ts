import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
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

/** A picture of one pixel. */
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

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

  test("files go with a message: chosen, pasted or dropped, and taken out again", async () => {
    const { task, payload } = await stage.running({ title: "Make it look right" });
    const page = await stage.open(context, `/tasks/${task.id}`);
    const field = page.getByRole("textbox", { name: "Message to the agent" });
    const files = page.locator("form").getByRole("list", { name: "Files of the message" });
    await page.locator('form input[type="file"]').setInputFiles([
      { name: "notes.md", mimeType: "text/markdown", buffer: Buffer.from("# Notes") },
      { name: "secret.env", mimeType: "text/plain", buffer: Buffer.from("A=1") },
    ]);
    await files.getByText("notes.md").waitFor();
    await files.getByRole("button", { name: "Take out secret.env" }).click();
    await field.focus();
    for (const kind of ["paste", "drop"] as const) {
      await field.evaluate(
        (element, [kind, pixel]) => {
          const bytes = Uint8Array.from(atob(pixel), (character) => character.charCodeAt(0));
          const given = new DataTransfer();
          given.items.add(new File([bytes], "image.png", { type: "image/png" }));
          const common = { bubbles: true, cancelable: true };
          element.dispatchEvent(
            kind === "paste"
              ? new ClipboardEvent("paste", { ...common, clipboardData: given })
              : new DragEvent("drop", { ...common, dataTransfer: given }),
          );
        },
        [kind, PIXEL] as const,
      );
      await files.getByText(kind === "paste" ? "image.png" : "image-2.png").waitFor();
    }
    await assertAccessible(page, "Composer with files");
    await page.locator('form input[type="file"]').setInputFiles(
      Array.from({ length: 6 }, (_, index) => ({
        name: `${index}.txt`,
        mimeType: "text/plain",
        buffer: Buffer.from("x"),
      })),
    );
    await page.getByRole("alert").getByText("8 files at most").waitFor();
    await field.fill("It should look like this.");
    await field.press("Control+Enter");
    const said = row(page, "It should look like this.");
    for (const name of ["notes.md", "image.png", "image-2.png"]) await said.getByText(name).waitFor();
    await said.getByText("did not say that it took the files").waitFor();
    assert.equal(await files.count(), 0);
    const path = `/api/tasks/${task.id}`;
    type Sent = { items: { attachments: { name: string; mediaType: string; size: number }[] }[] };
    const { items } = await stage.server.call<Sent>("GET", `${path}/messages`);
    assert.deepEqual(
      items[0]?.attachments.map(({ name, mediaType, size }) => [name, mediaType, size]),
      [
        ["notes.md", "text/markdown", 7],
        ["image.png", "image/png", Buffer.from(PIXEL, "base64").length],
        ["image-2.png", "image/png", Buffer.from(PIXEL, "base64").length],
      ],
    );
    const downloaded = page.waitForEvent("download");
    await said.getByRole("button", { name: "Download" }).first().click();
    assert.equal((await downloaded).suggestedFilename(), "notes.md");
    await stage.agent.report(payload, { type: "complete", summary: "Done." });
  });

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

    await field.fill("Not sent yet");
    await stage.agent.report(payload, { type: "complete", summary: "It keeps *everything*." });
    await page.locator("[data-entry] em", { hasText: "everything" }).waitFor();
    await page.getByText("its agent takes no more messages").first().waitFor();
    assert.equal(await page.getByRole("button", { name: "Send" }).isDisabled(), true);
    assert.equal(await field.inputValue(), "Not sent yet", "what was written can be taken elsewhere");
    await field.clear();
    await field.waitFor({ state: "detached" });
    await page.getByText("its agent takes no more messages").first().waitFor();

    // What is over is read from its beginning: nothing scrolls by itself.
    for (const height of [420, 640, 760, 880]) {
      await page.setViewportSize({ width: 1280, height });
      await page.reload();
      await page.locator("[data-entry]").first().waitFor({ state: "attached" });
      await page.waitForFunction(() => document.querySelector("main em"));
      await page.evaluate(
        () => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))),
      );
      const top = await page.evaluate(() => document.querySelector("main")?.scrollTop);
      assert.equal(top, 0, `${height} px high`);
    }
  });

  test("an output that was cut leads to the whole, which the agent has handed in", async () => {
    const { task, payload } = await stage.running({ title: "Build it" });
    const output = Array.from({ length: 9_000 }, (_, line) => `line ${line}`).join("\n");
    const whole = { name: "tool-t-output.txt", mediaType: "text/plain", content: output };
    const tool = { id: "tool-t", kind: "tool", name: "make", state: "completed", output };
    await entry(payload, { ...tool, outputArtifact: whole.name });
    await stage.agent.report(payload, { type: "artifact", artifact: whole });
    const page = await stage.open(context, `/tasks/${task.id}`);
    const call = page.locator("[data-entry]").filter({ has: page.locator("button", { hasText: "make" }) });
    await call.getByRole("button", { name: /make/ }).click();
    await call.getByText("bytes left out").waitFor();
    await call.getByText("The whole output: tool-t-output.txt").waitFor();
    const downloaded = page.waitForEvent("download");
    await call.getByRole("button", { name: "Download" }).click();
    const path = await (await downloaded).path();
    assert.equal(readFileSync(path, "utf8"), output);
    await stage.agent.report(payload, { type: "complete", summary: "Built." });
  });

  test("a long transcript stays at its end until somebody reads, and has an address for each entry", async () => {
    const { task, payload } = await stage.running({ title: "Long" });
    for (let number = 1; number <= 60; number++) {
      await entry(payload, { kind: "message", text: `Word ${number}\n\nand what it means` });
    }
    const page = await stage.open(context, `/tasks/${task.id}`);
    await row(page, "Word 60").waitFor();
    assert.equal(await row(page, "Word 2\n").count(), 0, "only what is on the screen exists");
    const top = () => page.evaluate(() => document.querySelector("main")?.scrollTop ?? 0);
    await page.mouse.move(600, 400);
    await page.mouse.wheel(0, -600);
    await page.getByRole("button", { name: "To the end" }).waitFor();
    const read = await top();
    await entry(payload, { kind: "message", text: "Word 61" });
    await page.getByRole("button", { name: "1 new" }).waitFor();
    assert.equal(await top(), read, "nothing moves under the reader");
    await assertAccessible(page, "Transcript scrolled away from its end");
    await stage.agent.report(payload, {
      type: "permission",
      request: {
        id: "req_long",
        title: "Apply the whole change",
        options: [{ optionId: "yes", name: "Apply", kind: "allow_once" }],
        diff: `--- a/x\n+++ b/x\n@@ -0,0 +1,200 @@\n${"+one more line\n".repeat(200)}`,
      },
    });
    await page.getByRole("button", { name: /^\d new$/ }).click();
    await row(page, "Word 61").waitFor();
    await page.getByText("The agent asks:").waitFor();
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.keyboard.press("Enter");
    while (!stage.agent.told.includes(`POST /dispatch/${payload.dispatchId}/permissions/req_long`)) {
      await page.waitForTimeout(20);
    }

    const { items } = await stage.server.call<{ items: { eventId: number; text: string }[] }>(
      "GET",
      `/api/tasks/${task.id}/transcript?limit=100`,
    );
    const wanted = items.find(({ text }) => text.startsWith("Word 20"))?.eventId;
    await page.goto(`${stage.server.url}/tasks/${task.id}?tab=transcript&entry=${wanted}`);
    await page.locator('[data-target="true"]', { hasText: "Word 20" }).waitFor();
    await page.waitForFunction(() => {
      const box = document.querySelector('[data-target="true"]')?.getBoundingClientRect();
      return box && box.top > 100 && box.bottom < innerHeight - 100;
    });
  });

  test("the inbox says what waits, everywhere, and is dealt with by keys", async () => {
    const asks = await stage.running({ title: "Clean the folders" });
    await stage.agent.report(asks.payload, {
      type: "permission",
      request: {
        id: "req_1",
        title: "Run a command",
        tool: { name: "Bash", input: { command: "rm -rf build" } },
        options: [
          { optionId: "once", name: "Allow once", kind: "allow_once" },
          { optionId: "no", name: "Deny", kind: "reject_once" },
        ],
      },
    });
    const failed = await stage.running({ title: "Update everything" });
    await stage.agent.report(failed.payload, { type: "error", error: "No network" });

    const page = await stage.open(context, "/");
    const pinned = page.getByRole("region", { name: "What waits for you" });
    await pinned.getByText("Clean the folders").waitFor();
    await page.getByRole("link", { name: "Inbox 2" }).waitFor();
    await page.waitForFunction(() => document.title.startsWith("(2) "));
    assert.match((await page.locator('link[rel="icon"]').getAttribute("href")) ?? "", /^data:image\/svg/);
    await assertAccessible(page, "Activity with what waits");

    await page.keyboard.press("g");
    await page.keyboard.press("n");
    const item = (title: string) => page.locator("[data-waits]", { hasText: title });
    await item("Clean the folders").getByText("rm -rf build").waitFor();
    // Live: what begins to wait meanwhile is there at once, behind what waits longer.
    const reviewed = await stage.running({ title: "Write the notes", requiresReview: true });
    await stage.agent.report(reviewed.payload, { type: "complete", summary: "All **written**." });
    await item("Write the notes").locator("strong", { hasText: "written" }).waitFor();
    await assertAccessible(page, "Inbox");

    await page.keyboard.press("2");
    await item("Clean the folders").waitFor({ state: "detached" });
    while (!stage.agent.told.includes(`POST /dispatch/${asks.payload.dispatchId}/permissions/req_1`)) {
      await page.waitForTimeout(20);
    }
    await page.locator('[data-waits][data-selected="true"]', { hasText: "Update everything" }).waitFor();
    await page.keyboard.press("s");
    await item("Update everything").waitFor({ state: "detached" });
    await page.keyboard.press("a");
    await page.getByText(/^Nothing waits for you/).waitFor();
    assert.equal(
      (await stage.server.call<{ status: string }>("GET", `/api/tasks/${reviewed.task.id}`)).status,
      "completed",
    );
    await page.reload();
    await page.getByText("1 item put off").waitFor();
    await page.getByRole("button", { name: "Bring them back" }).click();
    await item("Update everything").waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("d");
    await page.getByRole("dialog").getByRole("searchbox").press("Enter");
    await stage.agent.next(failed.task.id);
    await page.getByText(/^Nothing waits for you/).waitFor();
    await page.waitForFunction(() => !document.title.startsWith("("));
  });

  test("a question that is a form is filled in, and says whether its answer has arrived", async () => {
    const { task, payload } = await stage.running({ title: "Release it" });
    await stage.agent.report(payload, {
      type: "permission",
      request: {
        id: "form_1",
        title: "How is it to be released?",
        fields: [
          { name: "level", type: "choice", label: "Level", options: ["patch", "minor"], required: true },
          { name: "notes", type: "text", label: "Notes" },
          { name: "checks", type: "multi", label: "Checks", options: ["lint", "types"] },
          { name: "push", type: "boolean", label: "Push the tag" },
        ],
        expiresAt: new Date(Date.now() + 600_000).toISOString(),
      },
    });
    const page = await stage.open(context, `/tasks/${task.id}`);
    const form = page.getByRole("form", { name: "Answer" });
    await form.getByLabel("Notes").fill("Mostly mends");
    await page.getByText(/^The agent waits \d+m/).waitFor();
    await form.getByRole("button", { name: "Send the answer" }).click();
    await form.getByText("The agent needs this.").waitFor();
    await assertAccessible(page, "Task with a form");
    await form.getByLabel("minor").check();
    await form.getByLabel("types").check();
    await form.getByLabel("Push the tag").check();
    await form.getByRole("button", { name: "Send the answer" }).click();
    await row(page, "How is it to be released?").getByText("the agent has it").waitFor();
    await form.waitFor({ state: "detached" });
    const { items } = await stage.server.call<{ items: { data: { values?: object } }[] }>(
      "GET",
      `/api/events/history?taskId=${task.id}&types=permission`,
    );
    assert.deepEqual(items.find(({ data }) => data.values)?.data.values, {
      level: "minor",
      notes: "Mostly mends",
      checks: ["types"],
      push: true,
    });
  });

  test("an answer that its agent did not get comes back into the inbox, until somebody writes to the agent", async () => {
    const { task, payload } = await stage.running({ title: "Drop the table" });
    const options = [{ optionId: "yes", name: "Drop it" }];
    const request = { id: "drop_1", title: "May I drop it?", options };
    await stage.agent.report(payload, { type: "permission", request });
    const page = await stage.open(context, "/inbox");
    const entry = page.locator(`[data-waits="${task.id}"]`);
    stage.agent.forgets = true;
    await entry.getByRole("button", { name: "Drop it" }).click();
    await entry.getByText("Answer not delivered").waitFor();
    await entry.getByText("The agent did not get your answer to: May I drop it?").waitFor();
    await entry.getByText("no longer knows this question").waitFor();
    stage.agent.forgets = false;
    await assertAccessible(page, "Inbox with an answer that did not arrive");
    await entry.getByRole("link", { name: "Write to the agent" }).click();
    const field = page.getByRole("textbox", { name: "Message to the agent" });
    await field.fill("Yes, drop it.");
    await field.press("Control+Enter");
    await row(page, "Yes, drop it.").getByText("delivered").waitFor();
    await page.goBack();
    await entry.waitFor({ state: "detached" });
  });

  test("a patch is read by file, and comments on its lines become the feedback", async () => {
    const { task, payload } = await stage.running({ title: "Mend it", requiresReview: true });
    const hand = (name: string, mediaType: string, content: string, encoding = "utf8") =>
      stage.agent.report(payload, { type: "artifact", artifact: { name, mediaType, content, encoding } });
    await hand("change.patch", "text/x-patch", `diff --git a/src/auth.ts b/src/auth.ts\n${DIFF}`);
    await hand("shot.png", "image/png", PIXEL, "base64");
    await hand("page.html", "text/html", "<script>document.title = 'run'</script>");
    await stage.agent.report(payload, { type: "complete", summary: "Mended." });

    const page = await stage.open(context, `/tasks/${task.id}?tab=changes`);
    await page.getByText("redirect(session.wanted);").waitFor();
    const part = (name: string) =>
      page.locator("li", { has: page.getByRole("heading", { name, exact: true }) });
    await part("shot.png").getByRole("button", { name: "Show" }).click();
    const picture = part("shot.png").getByRole("img");
    await picture.waitFor();
    assert.equal(await picture.evaluate((image) => (image as HTMLImageElement).naturalWidth), 1);
    await part("page.html").getByRole("button", { name: "Show" }).click();
    await part("page.html").getByText("document.title = 'run'").waitFor();
    const download = page.waitForEvent("download");
    await part("page.html").getByRole("button", { name: "Download" }).click();
    assert.equal((await download).suggestedFilename(), "page.html");
    await assertAccessible(page, "Changes");

    await page.getByRole("button", { name: "Comment on line 2" }).last().focus();
    await page.keyboard.press("Enter");
    await page.getByRole("textbox", { name: "What should be different here?" }).fill("Keep the query, too.");
    await page.keyboard.press("Control+Enter");
    await page.getByText("1 comment", { exact: true }).waitFor();
    await assertAccessible(page, "Changes with a comment");
    await page
      .getByRole("form", { name: "Feedback" })
      .getByRole("button", { name: "Request changes" })
      .click();
    const again = await stage.agent.next(task.id);
    assert.equal(
      again.task.feedback,
      "**src/auth.ts, line 2**\n\n> `redirect(session.wanted);`\n\nKeep the query, too.",
    );
  });
});
