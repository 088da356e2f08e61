import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { playScenes } from "./support/scenes.ts";
import { Stage } from "./support/stage.ts";

/**
 * Draws every page, light and dark, from a real server with real agents: `npm run screenshots -w packages/dashboard`.
 */
const folder = fileURLToPath(new URL("../../../docs/screenshots", import.meta.url));
const WIDE = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
const LARGE = { width: 2560, height: 1440 };

/** Views that somebody saved. */
const VIEWS = [
  { name: "Open questions", page: "activity", search: "types=permission" },
  { name: "Maintenance", page: "board", search: "tag=maintenance" },
];

/** How much may be spent. */
const BUDGETS = [
  { name: "All agents", limit: { amount: 5, currency: "USD" }, period: "day" },
  { name: "Maintenance", limit: { tokens: 500_000 }, period: "month", tag: "maintenance", refuses: true },
];

interface Shot {
  name: string;
  path: string;
  /** What is on the page once it may be drawn. */
  ready: string;
  viewport?: typeof WIDE;
  act?: (page: Page) => Promise<void>;
}

let stage = await Stage.set();
try {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await stage.server.call("DELETE", `/api/agents/${stage.agent.id}`);
  await shoot([
    { name: "empty-inbox", path: "/inbox", ready: "Nothing waits for you" },
    { name: "empty-board", path: "/board", ready: "There are no tasks yet" },
    { name: "empty-agents", path: "/agents", ready: "There are no agents yet" },
    { name: "empty-gateways", path: "/gateways", ready: "No gateway is connected" },
    { name: "empty-endpoints", path: "/webhooks?tab=endpoints", ready: "Nothing is sent" },
    { name: "empty-insights", path: "/insights", ready: "Nothing has been counted yet" },
  ]);
  const { complaints } = stage;
  await stage.strike();
  stage = await Stage.set();
  stage.complaints.push(...complaints);
  const { runningId, failedId, reviewId, asksId } = await playScenes(stage);
  for (const budget of BUDGETS) await stage.server.call("POST", "/api/budgets", budget);
  for (const view of VIEWS) await stage.server.call("POST", "/api/views", view);
  await shoot([
    { name: "activity", path: "/", ready: "Created: " },
    { name: "inbox", path: "/inbox", ready: "wait for you" },
    { name: "activity-event", path: `/?task=${runningId}`, ready: "Created: ", act: openFirst },
    { name: "board", path: "/board", ready: "Write the release notes" },
    { name: "new-task", path: "/board?create=one", ready: "New task" },
    { name: "create-many", path: "/board?create=many", ready: "Create many tasks", act: paste },
    { name: "task-running", path: `/tasks/${runningId}`, ready: "Transcript" },
    { name: "task-failed", path: `/tasks/${failedId}`, ready: "Attempt 2" },
    { name: "task-review", path: `/tasks/${reviewId}`, ready: "waiting for your review" },
    { name: "task-permission", path: `/tasks/${asksId}`, ready: "The agent asks for permission" },
    { name: "agents", path: "/agents", ready: "HTTP" },
    { name: "agent", path: `/agents?agent=${stage.agent.id}`, ready: "Why attempts failed" },
    { name: "add-agent", path: "/agents?add=true", ready: "What is it?" },
    { name: "gateways", path: "/gateways", ready: "Disconnected" },
    { name: "deliveries", path: "/webhooks", ready: "Write the release notes" },
    {
      name: "delivery",
      path: "/webhooks?direction=dispatch",
      ready: "Write the release notes",
      act: openFirst,
    },
    { name: "refused-callbacks", path: "/webhooks?tab=refused", ready: "Refused" },
    { name: "endpoints", path: "/webhooks?tab=endpoints", ready: "Endpoints" },
    { name: "insights", path: "/insights", ready: "Failures by reason" },
    { name: "settings", path: "/settings", ready: "this one" },
    { name: "palette", path: "/", ready: "Created: ", act: (page) => page.keyboard.press("Control+k") },
    { name: "large-board", path: "/board", ready: "Write the release notes", viewport: LARGE },
    { name: "phone-agents", path: "/agents", ready: "HTTP", viewport: PHONE },
    { name: "phone-activity", path: "/", ready: "Created: ", viewport: PHONE },
    { name: "phone-deliveries", path: "/webhooks", ready: "Write the release notes", viewport: PHONE },
    { name: "phone-board", path: "/board", ready: "Write the release notes", viewport: PHONE },
    { name: "phone-task", path: `/tasks/${runningId}`, ready: "Transcript", viewport: PHONE },
    { name: "phone-review", path: `/tasks/${reviewId}`, ready: "waiting for your review", viewport: PHONE },
  ]);
  await shootLogIn();
  await shootLost();
} finally {
  await stage.strike();
}
for (const complaint of stage.complaints) console.error(complaint);
process.exitCode = stage.complaints.length > 0 ? 1 : 0;

async function shoot(shots: readonly Shot[]): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    const context = await stage.logIn({ colorScheme });
    for (const { name, path, ready, viewport = WIDE, act } of shots) {
      const page = await stage.open(context, path);
      await page.setViewportSize(viewport);
      await page.getByText(ready).first().waitFor({ state: "attached" });
      await act?.(page);
      await settled(page);
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) });
      await page.close();
    }
    await context.close();
  }
}

/** Waits until nothing is loaded any more and two frames were drawn since. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    () => document.fonts.status === "loaded" && !document.querySelector("[aria-busy=true]"),
  );
  await page.waitForTimeout(600);
}

async function openFirst(page: Page): Promise<void> {
  await page.locator("[data-row]").first().click();
  await page.locator("aside h2").first().waitFor();
}

async function paste(page: Page): Promise<void> {
  const csv =
    "title,priority,tags\nFix the flaky log-in test,high,tests\nUpdate the dependencies,normal,\nTranslate the help pages,low,docs";
  await page.getByLabel("Tasks", { exact: true }).fill(csv);
}

async function shootLogIn(): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    const context = await stage.browser.newContext({ viewport: WIDE, colorScheme });
    const page = await context.newPage();
    await page.goto(stage.server.url);
    await page.getByLabel("Token").waitFor();
    await page.screenshot({ path: join(folder, `log-in-${colorScheme}.png`) });
    await context.close();
  }
}

/** The page whose server went away. */
async function shootLost(): Promise<void> {
  const pages: [Page, string][] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    const context = await stage.logIn({ viewport: WIDE, colorScheme });
    const page = await stage.open(context, "/");
    await page.getByText("Created: ").first().waitFor();
    await page.getByText("wait for you").waitFor();
    pages.push([page, colorScheme]);
  }
  await stage.server.stop("SIGKILL");
  for (const [page, colorScheme] of pages) {
    await page.getByText(/^Reconnecting/).waitFor();
    await page.waitForTimeout(2_500);
    await page.screenshot({ path: join(folder, `connection-lost-${colorScheme}.png`) });
  }
}
