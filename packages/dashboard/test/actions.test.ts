import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { TaskStatus, TaskView } from "@mission-control/protocol";
import type { BrowserContext, Locator, Page } from "playwright-core";
import { text } from "../src/text/text.ts";
import { assertAccessible } from "./support/axe.ts";
import { chromiumPath } from "./support/browser.ts";
import { Stage } from "./support/stage.ts";

const skip = chromiumPath === null && "there is no Chromium on this machine";

const REQUEST = {
  id: "req_1",
  title: "Run rm -rf build",
  options: [
    { optionId: "allow", name: "Allow once", kind: "allow_once" },
    { optionId: "deny", name: "Deny", kind: "reject_once" },
  ],
};

describe("actions", { skip }, () => {
  let stage: Stage;
  let context: BrowserContext;
  let page: Page;
  before(async () => {
    stage = await Stage.set();
    context = await stage.logIn();
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  });
  beforeEach(async () => {
    await page?.close();
    stage.agent.answer = { status: 202 };
  });
  after(async () => {
    await stage.strike();
    assert.deepEqual(stage.complaints, []);
  });

  const card = (title: string) => page.locator("[data-task]", { hasText: title });
  const inColumn = async (status: string, title: string) => {
    // Those of tasks that rest are strips until somebody opens them.
    const strip = page.locator(`[data-status="${status}"][data-folded="true"] button`);
    // One that opens by itself meanwhile is not waited for.
    if (/completed|cancelled/.test(status)) {
      await strip.evaluateAll((buttons) => {
        for (const button of buttons) (button as HTMLElement).click();
      });
    }
    await page.locator(`[data-status="${status}"] [data-task]`, { hasText: title }).waitFor();
  };
  const press = (name: string, within: Page | Locator = page) =>
    within.getByRole("button", { name, exact: true }).click();
  const dialog = () => page.getByRole("dialog");
  const read = (task: TaskView) => stage.server.call<TaskView>("GET", `/api/tasks/${task.id}`);

  test("creates a task by the form and dispatches it at once", async () => {
    page = await stage.open(context, "/board");
    await press("New task", page.getByRole("search"));
    await dialog().getByLabel("Title").fill("Write the tests");
    await dialog().getByLabel("Description").fill("All of **them**.");
    await dialog().getByLabel("Priority").selectOption("urgent");
    await dialog().getByLabel("Tags").fill("tests, e2e");
    await dialog().getByLabel("Dispatch to").selectOption(stage.agent.id);
    await assertAccessible(page, "Task form");
    await press("Create and dispatch", dialog());
    const payload = await stage.agent.nextTitled("Write the tests");
    assert.deepEqual(payload.task.tags, ["tests", "e2e"]);
    assert.equal(payload.task.priority, "urgent");
    await inColumn("in_progress", "Write the tests");
    await stage.agent.report(payload, { type: "progress", message: "Half-way", progress: 0.5 });
    await card("Write the tests").getByText("Half-way").waitFor();
    await stage.agent.report(payload, { type: "complete", summary: "All written" });
    await inColumn("completed", "Write the tests");
    await assertAccessible(page, "Board with cards");
  });

  test("creates many tasks from pasted CSV, and says what cannot be read", async () => {
    page = await stage.open(context, "/board?create=many");
    await dialog().getByLabel("Tasks").fill("title,priority\nOne,soon");
    await dialog().getByText('priority "soon"').waitFor();
    await dialog().getByLabel("Tasks").fill("title,priority,tags\nBulk one,high,a;b\nBulk two,low,");
    await dialog().getByText("2 tasks found (CSV)").waitFor();
    await press("Create 2 tasks", dialog());
    await inColumn("pending", "Bulk one");
    await inColumn("pending", "Bulk two");
  });

  /** The board has all its tasks, and has put them in their places. */
  const settled = async () => {
    await page.locator('[aria-busy="false"] [data-status]').first().waitFor();
    await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
  };

  test("moves a card with the keyboard alone, picking the agent", async () => {
    const task = await stage.task({ title: "Carried by keys" });
    page = await stage.open(context, "/board");
    await inColumn("pending", "Carried by keys");
    await card("Carried by keys").getByRole("link").focus();
    await page.keyboard.press("Space");
    await page.getByText("Over Pending.").waitFor({ state: "attached" });
    await settled();
    await page.keyboard.press("ArrowRight");
    await page.getByText("Over Queued.").waitFor({ state: "attached" });
    await page.keyboard.press("Space");
    await dialog().getByRole("searchbox").fill("ad");
    await assertAccessible(page, "Agent picker");
    await page.keyboard.press("Enter");
    await stage.agent.next(task.id);
    await inColumn("in_progress", "Carried by keys");
  });

  test("dispatches, answers and edits by keys alone, and the focus stays where the work is", async () => {
    const task = await stage.task({ title: "By keys alone" });
    page = await stage.open(context, "/board");
    await inColumn("pending", "By keys alone");
    await settled();
    const focused = () =>
      page.evaluate(() => document.activeElement?.closest("[data-task]")?.getAttribute("data-task"));
    /** Resolves once the focus is on the card again, wherever that is by now. */
    const onCard = () =>
      page.waitForFunction(
        (id) => document.activeElement?.closest("[data-task]")?.getAttribute("data-task") === id,
        task.id,
      );
    assert.equal(
      await card("By keys alone").evaluate(
        (element) =>
          [...element.querySelectorAll<HTMLElement>("a, button")].filter((one) => one.tabIndex >= 0).length,
      ),
      1,
      "one tab stop a card",
    );
    await page.keyboard.press("j");
    while ((await focused()) !== task.id) await page.keyboard.press("j");
    await page.keyboard.press("m");
    await page.getByRole("menuitem", { name: "Edit" }).waitFor();
    await page.keyboard.press("Escape");
    await onCard();
    await page.keyboard.press("m");
    await page.getByRole("menuitem", { name: "Dispatch" }).waitFor();
    // The menu takes the focus a moment after it is there: until then a key is the card's.
    await page.locator("[role=menuitem]:focus").waitFor();
    await page.keyboard.press("Enter");
    await dialog().getByRole("searchbox").press("Enter");
    const payload = await stage.agent.next(task.id);
    await inColumn("in_progress", "By keys alone");
    await dialog().waitFor({ state: "detached" });
    await onCard();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "By keys alone" }).waitFor();
    await page.keyboard.press("e");
    await dialog().getByLabel("Description").fill("Now with words");
    await page.keyboard.press("Control+Enter");
    await dialog().waitFor({ state: "detached" });
    await page.getByText("Now with words").waitFor();
    await stage.agent.report(payload, { type: "error", error: "No" });
    await page.getByRole("button", { name: "Dispatch again" }).focus();
    await page.keyboard.press("Enter");
    await dialog().getByRole("searchbox").press("Enter");
    await stage.agent.next(task.id);
    await page.getByRole("button", { name: "Dispatch again" }).waitFor({ state: "detached" });
    await page.waitForFunction(() => document.activeElement !== document.body);
  });

  /** Carries a card: the pointer takes it at a share of its width, and lets it go in a column, this far from its left. */
  const drag = async (title: string, to: TaskStatus, taken = 0.3, inside = 40) => {
    // All columns beside each other: none moves while the card is carried.
    await page.setViewportSize({ width: 2100, height: 800 });
    await settled();
    const from = await card(title).boundingBox();
    assert.ok(from);
    const x = from.x + from.width * taken;
    await page.mouse.move(x, from.y + 40);
    await page.mouse.down();
    await page.mouse.move(x + 20, from.y + 60, { steps: 4 });
    // It is carried, and the board knows where its columns are.
    await page.getByText(/^Over /).waitFor({ state: "attached" });
    const target = await page.locator(`[data-status="${to}"]`).boundingBox();
    assert.ok(target);
    await page.mouse.move(target.x + inside, target.y + 120, { steps: 8 });
    await page.getByText(text.board.over(text.status[to])).waitFor({ state: "attached" });
    await page.mouse.up();
    // For a moment after a drop, clicks are kept from the page: the one that ends the drag is meant.
    await page.waitForFunction(() => {
      const element = document.body.appendChild(document.createElement("span"));
      let isHeard = false;
      element.addEventListener("click", () => {
        isHeard = true;
      });
      element.click();
      element.remove();
      return isHeard;
    });
  };

  test("drags a card with the mouse, and says why a move means nothing", async () => {
    const task = await stage.task({ title: "Carried by mouse" });
    page = await stage.open(context, "/board");
    await drag("Carried by mouse", "completed");
    await page.getByText("cannot be moved from “Pending” to “Completed”").waitFor();
    await drag("Carried by mouse", "in_progress");
    await dialog().getByRole("button", { name: /Ada/ }).click();
    await stage.agent.next(task.id);
    await inColumn("in_progress", "Carried by mouse");
  });

  test("a card lands where the pointer is, whatever column the rest of it lies over", async () => {
    await stage.task({ title: "Taken at its end" });
    page = await stage.open(context, "/board");
    await inColumn("pending", "Taken at its end");
    const widths = await page
      .locator("section[data-status]:not([data-folded])")
      .evaluateAll((columns) => columns.map((column) => Math.round(column.getBoundingClientRect().width)));
    assert.equal(new Set(widths).size, 1, "open columns are as wide as each other");
    await drag("Taken at its end", "queued", 0.95, 6);
    await dialog().getByRole("heading", { name: "Dispatch “Taken at its end” to…" }).waitFor();
    await page.keyboard.press("Escape");
    await dialog().waitFor({ state: "detached" });
  });

  test("what the board does can be undone; what cannot wait is done now", async () => {
    const done = await stage.running({ title: "Approved too soon", requiresReview: true });
    await stage.agent.report(done.payload, { type: "complete", summary: "Maybe" });
    page = await stage.open(context, "/board");
    await inColumn("review", "Approved too soon");
    await drag("Approved too soon", "completed");
    await inColumn("completed", "Approved too soon");
    const notices = page.getByRole("region", { name: "Notices" });
    await notices.getByText("Approving “Approved too soon”").waitFor();
    assert.equal((await read(done.task)).status, "review", "nothing is sent while it can be undone");
    await assertAccessible(page, "Board with something to undo");
    await press("Undo", notices);
    await inColumn("review", "Approved too soon");
    await drag("Approved too soon", "completed");
    await press("Do it now", notices);
    await page.waitForFunction(() => !document.querySelector("[data-pending=true]"));
    assert.equal((await read(done.task)).status, "completed");

    const { task, payload } = await stage.running({ title: "Sent by mistake" });
    await inColumn("in_progress", "Sent by mistake");
    await press("Actions for Sent by mistake");
    await page.getByRole("menuitem", { name: "Cancel task" }).click();
    await inColumn("cancelled", "Sent by mistake");
    // Whoever closes the page meant it all the same.
    await page.close();
    await stage.agent.hears(`DELETE /dispatch/${payload.dispatchId}`);
    assert.equal((await read(task)).status, "cancelled");
  });

  test("a dispatch goes out at once; undoing it cancels it", async () => {
    const task = await stage.task({ title: "Sent, then not" });
    page = await stage.open(context, "/board");
    await drag("Sent, then not", "queued");
    await dialog().getByRole("button", { name: /Ada/ }).click();
    await stage.agent.next(task.id);
    await inColumn("in_progress", "Sent, then not");
    await press("Undo", page.getByRole("region", { name: "Notices" }));
    await inColumn("cancelled", "Sent, then not");
    await page.waitForFunction(() => !document.querySelector("[data-pending=true]"));
    assert.equal((await read(task)).status, "cancelled");
  });

  test("a card that asks comes first and is answered where it stands", async () => {
    await stage.running({ title: "Works away", priority: "urgent" });
    const { task, payload } = await stage.running({ title: "Asks on the board", priority: "low" });
    page = await stage.open(context, "/board");
    await inColumn("in_progress", "Asks on the board");
    await stage.agent.report(payload, { type: "permission", request: REQUEST });
    const first = page.locator('[data-status="in_progress"] [data-task]').first();
    await first.getByText("Asks on the board").waitFor();
    await assertAccessible(page, "Board with a card that asks");
    await press("Deny", first);
    await stage.agent.hears(`POST /dispatch/${payload.dispatchId}/permissions/req_1`);
    await first.getByText("Asks on the board").waitFor({ state: "detached" });
    assert.equal((await read(task)).waitingFor, undefined);
  });

  test("Activity tells a hand-over in one row, and a question is answered in its own", async () => {
    const { task, payload } = await stage.running({ title: "Seen on Activity" });
    await stage.agent.report(payload, { type: "permission", request: REQUEST });
    page = await stage.open(context, `/?task=${task.id}`);
    const rows = page.locator("[data-row]");
    await page.getByText(/^Dispatched to Ada \(\d+ ms\)$/).waitFor();
    assert.equal(await rows.count(), 3, "created, handed over, asks");
    const asks = page.locator("li", { has: page.locator("[data-row]", { hasText: REQUEST.title }) });
    await press("Allow once", asks);
    await stage.agent.hears(`POST /dispatch/${payload.dispatchId}/permissions/req_1`);
    await asks.getByRole("button", { name: "Allow once" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Filter", exact: true }).click();
    await page.getByLabel("Raw log").check();
    await page.getByText("Sending to the agent").waitFor();
    assert.ok((await rows.count()) > 6, "each step by itself");
  });

  test("many are selected, spread over who is free, tagged, cancelled and brought back", async () => {
    const titles = [1, 2, 3].map((number) => `One of many ${number}`);
    const tasks = await Promise.all(titles.map((title) => stage.task({ title, tags: ["before"] })));
    page = await stage.open(context, "/board?q=one+of+many");
    const cardAt = (at: number) => page.locator('[data-status="pending"] [data-task]').nth(at);
    await cardAt(2).waitFor();
    await cardAt(0).getByRole("link").focus();
    await page.keyboard.press("x");
    await cardAt(2).click({ modifiers: ["Shift"] });
    const bar = page.getByRole("region", { name: "3 selected" });
    await assertAccessible(page, "Board with selected cards");
    await press("Tag…", bar);
    await dialog().getByLabel("Tags").fill("after");
    await press("Save", dialog());
    for (const task of tasks) await card(task.title).getByText("after").waitFor();
    assert.deepEqual((await read(tasks[0] as TaskView)).tags, ["before", "after"]);

    await cardAt(0).getByRole("link").focus();
    await page.keyboard.press("x");
    await cardAt(2).click({ modifiers: ["Shift"] });
    await press("Dispatch to…", bar);
    await dialog()
      .getByRole("button", { name: /Any free agent for “code”/ })
      .click();
    for (const task of tasks) await stage.agent.next(task.id);
    for (const { title } of tasks) await inColumn("in_progress", title);

    await page.getByRole("button", { name: "List", exact: true }).click();
    await page.getByRole("checkbox", { name: "Select all: In progress" }).check();
    await press("Cancel", bar);
    const notices = page.getByRole("region", { name: "Notices" });
    await press("Undo", notices.locator("div", { hasText: "Cancelling 3 tasks" }));
    await page.waitForFunction(() => !document.querySelector("[data-pending=true]"));
    for (const task of tasks) assert.equal((await read(task)).status, "in_progress");
  });

  test("a task opens beside the list, with an address of its own, and Escape closes it", async () => {
    const task = await stage.task({ title: "Looked at in passing" });
    page = await stage.open(context, "/board?view=list&q=passing");
    await page.getByRole("link", { name: "Looked at in passing" }).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    const panel = page.getByRole("complementary", { name: "Task", exact: true });
    await panel.getByRole("heading", { name: "Looked at in passing" }).waitFor();
    assert.equal(new URL(page.url()).searchParams.get("task"), task.id);
    await assertAccessible(page, "List with a task beside it");
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Looked at in passing");
    await page.goBack();
    await panel.getByRole("link", { name: "Open as a page" }).click();
    await page.waitForURL(`**/tasks/${task.id}`);
  });

  test("a refused dispatch goes back and says why", async () => {
    const task = await stage.task({ title: "Unwanted" });
    stage.agent.answer = { status: 200, body: { accepted: false, reason: "No room for this one" } };
    page = await stage.open(context, `/tasks/${task.id}`);
    await press("Dispatch");
    await dialog().getByRole("button", { name: /Ada/ }).click();
    await page.getByText("Not done:").waitFor();
    await page.getByRole("region", { name: "Why it failed" }).getByText("No room for this one").waitFor();
    await page.getByRole("button", { name: "Dispatch again" }).waitFor();
  });

  test("cancels a running task, and the agent is told", async () => {
    const { task, payload } = await stage.running({ title: "To be stopped" });
    page = await stage.open(context, `/tasks/${task.id}`);
    await press("Cancel task");
    await press("Cancel task", dialog());
    await page.getByRole("button", { name: "Dispatch again" }).waitFor();
    assert.equal((await read(task)).status, "cancelled");
    await stage.agent.hears(`DELETE /dispatch/${payload.dispatchId}`);
  });

  test("rejects with feedback, then approves the second attempt", async () => {
    const { task, payload } = await stage.running({ title: "Reviewed twice", requiresReview: true });
    const table =
      "| case | time |\n|:-----|-----:|\n| extraordinarily_long_words_of_a_cold_start | 1.2 s |\n";
    await stage.agent.report(payload, { type: "complete", summary: `First **draft**\n\n${table}` });
    page = await stage.open(context, `/tasks/${task.id}?tab=timeline`);
    await page.getByText("First draft").first().waitFor();
    await page.setViewportSize({ width: 360, height: 740 });
    const cells = await page.locator("main td").evaluateAll((all) =>
      all.map((cell) => {
        const { lineHeight, textAlign, paddingTop } = getComputedStyle(cell);
        const text = cell.clientHeight - 2 * Number.parseFloat(paddingTop);
        return { lines: Math.round(text / Number.parseFloat(lineHeight)), textAlign };
      }),
    );
    assert.deepEqual(
      cells,
      [
        { lines: 1, textAlign: "start" },
        { lines: 1, textAlign: "end" },
      ],
      "no word is broken, and columns are aligned as they ask to be",
    );
    const timeline = page.getByRole("region", { name: "Timeline" });
    await timeline.getByText("The agent handed in its result").waitFor();
    assert.equal(await timeline.getByText("draft").count(), 0, "the result is told once");
    await press("Request changes");
    await dialog().getByLabel("What should be different?").fill("Shorter, **please**");
    await assertAccessible(page, "Reject dialog");
    await press("Request changes", dialog());
    const second = await stage.agent.next(task.id);
    assert.equal(second.task.feedback, "Shorter, **please**");
    await page.getByText("Result of attempt 1").click();
    await page.getByRole("group").getByRole("cell", { name: "1.2 s" }).waitFor();
    assert.equal(second.attempt, 2);
    await timeline.locator("strong", { hasText: "please" }).waitFor();
    await stage.agent.report(second, { type: "complete", summary: "Second draft" });
    await press("Approve");
    await page.getByRole("region", { name: "Result", exact: true }).getByText("Second draft").waitFor();
    assert.equal((await read(task)).status, "completed");
    await page.getByRole("heading", { name: "Attempt 1" }).waitFor();
    await page.getByRole("heading", { name: "Attempt 2" }).waitFor();
    await timeline.getByText("Show the result").click();
    await timeline.locator("strong", { hasText: "draft" }).waitFor();
  });

  test("answers a permission request, and the answer reaches the agent", async () => {
    const { task, payload } = await stage.running({ title: "Asks first" });
    page = await stage.open(context, `/tasks/${task.id}?tab=timeline`);
    await stage.agent.report(payload, {
      type: "permission",
      request: {
        ...REQUEST,
        diff: "--- a/build.js\n+++ b/build.js\n@@ -1 +1 @@\n-keep()\n+remove(\u202e)\n",
      },
    });
    await page.getByText("The agent asks for permission").waitFor();
    const diff = await page.getByTitle("The changes it would make").textContent();
    assert.match(diff ?? "", /-keep\(\)\n\+remove\(U\+202E\)/, "what is hidden in it is shown by name");
    await assertAccessible(page, "Task that asks");
    await press("Allow once");
    await page.getByText("The agent asks for permission").waitFor({ state: "detached" });
    await page.getByText("Answered: Allow once: Run rm -rf build").first().waitFor();
    await stage.agent.hears(`POST /dispatch/${payload.dispatchId}/permissions/req_1`);
  });

  test("edits, copies a call as curl, and deletes", async () => {
    const task = await stage.task({ title: "Old words" });
    page = await stage.open(context, `/tasks/${task.id}`);
    await press("More actions");
    await page.getByRole("menuitem", { name: "Edit" }).click();
    await dialog().getByLabel("Title").fill("New words");
    await press("Save", dialog());
    await page.getByRole("heading", { name: "New words" }).waitFor();
    await page.getByText("API calls").click();
    await press("Copy as curl: Delete");
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(
      copied,
      `curl -X DELETE '${stage.server.url}/api/tasks/${task.id}' \\\n  -H "Authorization: Bearer $MISSION_CONTROL_TOKEN"`,
    );
    await press("More actions");
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await press("Delete", dialog());
    await page.getByRole("heading", { name: "Board" }).waitFor();
    await assert.rejects(read(task), /404/);
    await card("New words").waitFor({ state: "detached" });
  });

  test("shows the payload as sent, without its secret, whatever was edited since", async () => {
    const { task, payload } = await stage.running({ title: "Secretive", context: { branch: "main" } });
    await stage.server.call("PATCH", `/api/tasks/${task.id}`, { title: "Renamed", context: {} });
    page = await stage.open(context, `/tasks/${task.id}`);
    await page.getByText("Payload of attempt 1").click();
    const shown = JSON.parse(
      (await page.locator("details pre").first().textContent()) ?? "",
    ) as typeof payload;
    assert.match(shown.callback.secret, /^whsec_•+$/);
    const { secret } = shown.callback;
    assert.deepEqual(shown, { ...payload, callback: { ...payload.callback, secret } });
    assert.ok(!(await page.content()).includes(payload.callback.secret));
  });

  test("adds an HTTP agent, shows its secret once, and sends it a test task", async () => {
    page = await stage.open(context, "/agents");
    await press("Add agent");
    await dialog().getByRole("button", { name: /^HTTP/ }).click();
    await dialog().getByRole("textbox", { name: "Address" }).fill("http://127.0.0.1:9/dispatch");
    await dialog().getByLabel("Name").fill("Nobody");
    await assertAccessible(page, "Add agent");
    await press("Add agent", dialog());
    await dialog()
      .getByText(/^whsec_/)
      .waitFor();
    await press("Send a test task", dialog());
    await page.getByRole("heading", { name: "Test task for Nobody" }).waitFor();
    await page.getByRole("region", { name: "Why it failed" }).waitFor();
    await page.goto(`${stage.server.url}/agents`);
    await page.getByRole("link", { name: "Nobody" }).click();
    const panel = page.getByRole("complementary", { name: "Nobody" });
    await panel.getByText("Test task for Nobody").waitFor();
    await assertAccessible(page, "Agent panel");
    await press("Edit", panel);
    await dialog().getByLabel("Name").fill("Somebody");
    await press("Save", dialog());
    await page.getByRole("complementary", { name: "Somebody" }).waitFor();
    await press("Remove", page.getByRole("complementary"));
    await press("Remove", dialog());
    await page.getByRole("link", { name: "Somebody" }).waitFor({ state: "detached" });
  });

  test("connects a gateway, tells how that goes, and disconnects it", async () => {
    page = await stage.open(context, "/gateways?add=true");
    await dialog().getByLabel("Address").fill("ws://127.0.0.1:9");
    await dialog().getByLabel("Name").fill("Far away");
    await press("Test", dialog());
    await dialog().getByText("Disconnected").waitFor();
    await dialog()
      .getByText(/ECONNREFUSED|could not be reached|refused/)
      .waitFor();
    await assertAccessible(page, "Gateway tried out");
    const { items } = await stage.server.call<{ items: unknown[] }>("GET", "/api/gateways");
    assert.deepEqual(items, [], "A test keeps nothing.");
    await press("Connect", dialog());
    await dialog().getByText("There is no connection. The server keeps trying.").waitFor();
    await assertAccessible(page, "Gateway test");
    await press("Done", dialog());
    await press("Remove Far away?");
    await press("Remove", dialog());
    await page.getByText("No gateway is connected").waitFor();
  });

  test("ends another browser's log-in, switches the theme, logs out", async () => {
    const other = await stage.logIn({ userAgent: "Mozilla/5.0 (Macintosh; Mac OS X) Firefox/140.0" });
    page = await stage.open(context, "/settings");
    await press("End the log-in of Firefox, macOS");
    await page.getByRole("row", { name: /Firefox/ }).waitFor({ state: "detached" });
    assert.equal((await stage.whoAmI(other)).status(), 401);
    await other.close();
    await page.getByRole("radio", { name: "Dark" }).check();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
    await press("Log out");
    await page.getByLabel("Token").waitFor();
    assert.equal((await stage.whoAmI(context)).status(), 401);
  });
});
