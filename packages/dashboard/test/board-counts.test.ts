import { after, before, describe, test } from "node:test";
import { Stage } from "./support/stage.ts";

const MORE_THAN_A_PAGE = 130;

describe("counts of the board", () => {
  let stage: Stage;
  before(async () => {
    stage = await Stage.set();
    for (let created = 0; created < MORE_THAN_A_PAGE; created++) {
      const tags = created < 120 ? ["docs"] : [];
      await stage.server.call("POST", "/api/tasks", { title: `Task ${created}`, tags });
    }
  });
  after(() => stage.strike());

  test("a column shows how many tasks there are, not how many are loaded, and keeps up", async () => {
    const context = await stage.logIn();
    const page = await stage.open(context, "/board");
    const pending = page.locator('[data-status="pending"]');
    await pending.getByText("130", { exact: true }).waitFor();
    await stage.server.call("POST", "/api/tasks", { title: "One more" });
    await pending.getByText("131", { exact: true }).waitFor();
    await page.goto(`${stage.server.url}/board?tag=docs`);
    await pending.getByText("120", { exact: true }).waitFor();
    await page.goto(`${stage.server.url}/board?view=list`);
    await page.getByRole("rowheader", { name: /Pending 131/ }).waitFor();
    await context.close();
  });
});
