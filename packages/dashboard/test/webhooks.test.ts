import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { WebhookEndpointView } from "@mission-control/protocol";
import type { BrowserContext } from "playwright-core";
import { Webhook } from "standardwebhooks";
import { FakeSlack } from "../../server/test/support/fake-slack.ts";
import { WebhookReceiver } from "../../server/test/support/webhook-receiver.ts";
import { assertAccessible } from "./support/axe.ts";
import { chromiumPath } from "./support/browser.ts";
import { Stage } from "./support/stage.ts";

const ENDPOINTS = "/api/webhooks/endpoints";
const skip = chromiumPath === null && "there is no Chromium on this machine";

describe("webhooks", { skip }, () => {
  let stage: Stage;
  let context: BrowserContext;
  let receiver: WebhookReceiver;
  before(async () => {
    stage = await Stage.set({ MISSION_CONTROL_ALLOW_PRIVATE_WEBHOOKS: "true" });
    context = await stage.logIn();
    receiver = await WebhookReceiver.start();
  });
  after(async () => {
    await stage.strike();
    await receiver.close();
    assert.deepEqual(stage.complaints, []);
  });

  test("an endpoint is added, tried, sees a delivery fail and gets it again, and is removed", async () => {
    const page = await stage.open(context, "/webhooks?tab=endpoints");
    const dialog = page.getByRole("dialog");
    const panel = page.getByRole("complementary");
    const press = (name: string) => dialog.getByRole("button", { name, exact: true }).click();
    await page.getByText("Nothing is sent to other programs yet").waitFor();
    await page.getByRole("button", { name: "Add endpoint" }).click();
    await dialog.getByLabel("Address").fill(receiver.url);
    await dialog.getByLabel("What it is for").fill("Our chat");
    await dialog.getByLabel("Task", { exact: true }).check();
    await assertAccessible(page, "Form of an endpoint");
    await press("Add endpoint");
    const secret = (await dialog.getByText(/^whsec_/).textContent()) ?? "";
    await press("I have saved it");

    await page.getByRole("button", { name: "Our chat" }).click();
    await press("Send a test");
    await dialog.getByText(/Delivered in \d+ ms \(HTTP 204\)/).waitFor();
    const [tested] = receiver.received;
    assert.ok(tested);
    new Webhook(secret).verify(tested.body, tested.headers as Record<string, string>);
    await page.keyboard.press("Escape");

    receiver.reaction = (_, response) => {
      response.writeHead(500).end("not today");
      return undefined;
    };
    await stage.task({ title: "Tell the others" });
    await page.getByRole("link", { name: "Deliveries" }).last().click();
    await page.getByText("Answered with HTTP 500.").waitFor();
    receiver.reaction = () => 204;
    await page.getByLabel("Result").selectOption("Waiting");
    await page.getByRole("link", { name: /To endpoint.*Task/ }).click();
    await panel.getByText("not today").waitFor();
    await panel.getByText(/"message":"Tell the others"/).waitFor();
    await assertAccessible(page, "A delivery");
    await panel.getByRole("button", { name: "Send again" }).click();
    await panel.getByText("It is tried again.").waitFor();
    await receiver.receives(3);
    assert.equal(receiver.received[2]?.id, receiver.received[1]?.id);
    await page.keyboard.press("Escape");
    await page.getByLabel("Result").selectOption("Delivered");
    await page.getByRole("link", { name: /To endpoint.*Task/ }).waitFor();
    await page.getByRole("link", { name: "Endpoints" }).click();
    await page.getByRole("button", { name: "Our chat" }).waitFor();
    await assertAccessible(page, "Endpoints");
    await page.emulateMedia({ colorScheme: "dark" });
    await assertAccessible(page, "Endpoints in the dark", "colours");

    await page.getByRole("button", { name: "Our chat" }).click();
    await press("Switch off");
    await dialog.getByText("It was switched off by the operator.").waitFor();
    await press("Switch on");
    await press("Remove");
    await press("Remove");
    await page.getByText("Nothing is sent to other programs yet").waitFor();
  });

  test("an app of Slack is added with its tokens and who may answer, and says why no answers come", async (test) => {
    const slack = await FakeSlack.start();
    test.after(() => slack.close());
    slack.intercept = (method, response) => {
      if (method !== "apps.connections.open") return false;
      response.writeHead(200).end('{"ok":false,"error":"invalid_auth"}');
      return true;
    };
    const { url, botToken, appToken } = slack.endpoint;
    const page = await stage.open(context, "/webhooks?tab=endpoints");
    const dialog = page.getByRole("dialog");
    await page.getByRole("button", { name: "Add endpoint" }).click();
    await dialog.getByLabel("Format").selectOption("slack_app");
    await dialog.getByLabel("Address").fill(url);
    await dialog.getByLabel("What it is for").fill("Operators");
    await dialog.getByLabel("Token of the bot").fill(botToken);
    await dialog.getByLabel("Buttons under questions and results, to answer there").check();
    await dialog.getByLabel("Token of the app").fill(appToken);
    await dialog.getByLabel("Who may answer").fill("U1, U2");
    const quiet = dialog.getByRole("group", { name: "Quiet hours" });
    await quiet.getByLabel("From").fill("22:00");
    await quiet.getByLabel("To").fill("07:00");
    await dialog.getByLabel("Digest: minutes").fill("30");
    const passes = dialog.getByRole("group", { name: "Told at once all the same" });
    await passes.getByLabel("Questions").check();
    await assertAccessible(page, "Form of an app of Slack");
    await dialog.getByRole("button", { name: "Add endpoint" }).click();
    await dialog.getByRole("button", { name: "I have saved it" }).click();
    await page.getByText("They do not come at the moment. Slack: Refused: invalid_auth.").waitFor();
    await page.getByRole("button", { name: "Operators" }).click();
    await dialog.getByText("2 users").waitFor();
    await dialog
      .getByText(/^Quiet from 22:00 to 07:00 \(.+\); digest of 30 minutes; at once: Questions$/)
      .waitFor();
    await assertAccessible(page, "An app of Slack");
    const press = (name: string) => dialog.getByRole("button", { name, exact: true }).click();
    await press("Send a test");
    await dialog.getByText(/Delivered in \d+ ms/).waitFor();

    const endpoints = async () => {
      const { items } = await stage.server.call<{ items: WebhookEndpointView[] }>("GET", ENDPOINTS);
      return items;
    };
    const [added] = await endpoints();
    await press("Edit");
    await dialog.getByText("What stands as *** is kept").waitFor({ state: "detached" });
    assert.equal(await dialog.getByLabel("Address").inputValue(), url);
    assert.equal(await dialog.getByLabel("Token of the bot").inputValue(), "", "secrets are not shown");
    assert.equal(await dialog.getByLabel("Who may answer").inputValue(), "U1, U2");
    assert.equal(await quiet.getByLabel("From").inputValue(), "22:00");
    await assertAccessible(page, "Form of an endpoint that is there");
    await quiet.getByLabel("To").fill("08:00");
    await quiet.getByLabel("Time zone").fill("Asia/Tokyo");
    await dialog.getByLabel("Digest: minutes").fill("");
    await dialog.getByLabel("Only tasks with one of these tags").fill("night, day");
    // Somebody else edits it at the same time.
    await stage.server.call("PATCH", `${ENDPOINTS}/${added?.id}`, { description: "Everybody" });
    await press("Save");
    await dialog.getByText("It was edited elsewhere meanwhile.").waitFor();
    assert.equal(await dialog.getByLabel("What it is for").inputValue(), "Everybody");
    assert.equal(await quiet.getByLabel("Time zone").inputValue(), "Asia/Tokyo");
    await press("Save");
    await dialog.getByText(/^Quiet from 22:00 to 08:00 \(Asia\/Tokyo\); at once: Questions$/).waitFor();
    const [edited] = await endpoints();
    assert.deepEqual(
      [edited?.description, edited?.tags, edited?.digestMinutes, edited?.answers],
      ["Everybody", ["night", "day"], undefined, { users: ["U1", "U2"] }],
    );
    await press("Send a test");
    await dialog.getByText(/Delivered in \d+ ms/).waitFor();
    await press("Remove");
    await press("Remove");
    await page.getByText("Nothing is sent to other programs yet").waitFor();
  });
});
