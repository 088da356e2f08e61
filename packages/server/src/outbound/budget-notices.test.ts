import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewEvent } from "@mission-control/protocol";
import { FakeChatServices } from "../../test/support/fake-chat-services.ts";
import { OutboundFixture, PUBLIC_URL } from "../../test/support/outbound-fixture.ts";
import { budgetEvent, reachedEvent } from "../budgets/budget-event.ts";
import type { BudgetRecord } from "../store/records.ts";

const AT = "2026-11-30T12:00:00.000Z";
const FROM = Date.parse("2026-11-30T00:00:00.000Z");
const DOCS: BudgetRecord = {
  id: "b1",
  name: "Docs <team>",
  limit: { amount: 20, currency: "USD" },
  period: "day",
  timeZone: "UTC",
  tag: "docs",
  refuses: false,
  revision: 1,
  since: AT,
  watched: [],
  createdAt: AT,
  updatedAt: AT,
};

function reached(budget: BudgetRecord, threshold: 80 | 100, spent: number): NewEvent {
  return reachedEvent(budget, { threshold, in: { from: FROM, to: FROM + 24 * 3600_000, spent } }, AT);
}

test("people are told what is reached of a budget, with the way to it; of all at once, that alone", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const services = await FakeChatServices.start();
  context.after(() => services.close());
  await fixture.webhooks.create({ url: services.slackUrl, format: "slack" });
  await fixture.webhooks.create({ url: services.ntfyUrl, format: "ntfy", notices: ["question"] });
  await fixture.store.append([
    budgetEvent(DOCS, "created", AT),
    reached(DOCS, 80, 16.4),
    reached({ ...DOCS, name: "Ada" }, 80, 25),
    reached({ ...DOCS, name: "Ada" }, 100, 25),
  ]);
  await services.shows(2);
  assert.deepEqual(
    services.shown.map(({ service, text }) => [service, text]),
    [
      [
        "slack",
        `*<${PUBLIC_URL}/insights|Budget: Docs &lt;team&gt;: 80 % of 20.00 USD a day is spent (16.40 USD)>*`,
      ],
      ["slack", `*<${PUBLIC_URL}/insights|Budget: Ada: 20.00 USD a day is used up (25.00 USD spent)>*`],
    ],
  );
});

test("an endpoint of an agent or a tag is told of the budgets of that agent or tag alone", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const services = await FakeChatServices.start();
  context.after(() => services.close());
  const url = services.slackUrl;
  await fixture.webhooks.create({ url, format: "slack", notices: ["budget"], tag: "docs" });
  await fixture.webhooks.create({ url, format: "slack", notices: ["budget"], agentId: "a1" });
  const { tag: _, ...everything } = DOCS;
  await fixture.store.append([
    reached({ ...everything, name: "All" }, 100, 20),
    reached({ ...DOCS, name: "Other", tag: "code" }, 100, 20),
    reached({ ...everything, name: "Ada", agentId: "a1" }, 100, 20),
    reached(DOCS, 100, 20),
  ]);
  await services.shows(2);
  const names = services.shown.map(({ text }) => /Budget: (\w+)/.exec(String(text))?.[1]);
  assert.deepEqual(names.sort(), ["Ada", "Docs"]);
});
