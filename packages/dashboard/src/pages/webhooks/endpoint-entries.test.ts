import assert from "node:assert/strict";
import { test } from "node:test";
import type { WebhookEndpointView } from "@mission-control/protocol";
import { bodyOf, changesOf, entriesOf, newEntries, rebased, withFormat } from "./endpoint-entries.ts";

const AT = "2026-11-23T10:00:00.000Z";
const ENDPOINT: WebhookEndpointView = {
  id: "webhook_1",
  url: "https://slack.com/api/chat.postMessage?channel=C1",
  format: "slack_app",
  description: "Operators",
  notices: ["question"],
  agentIds: ["a1", "a2"],
  tags: ["night"],
  tag: "night",
  quiet: { from: "22:00", to: "07:00", timeZone: "Asia/Tokyo" },
  digestMinutes: 30,
  passes: ["question"],
  answers: { users: ["U1"] },
  status: "active",
  position: 1,
  behind: 0,
  waiting: 0,
  skipped: 0,
  failingSince: null,
  lastDeliveredAt: null,
  previousSecretUntil: null,
  createdAt: AT,
  updatedAt: AT,
};

test("a form that is filled with an endpoint and left as it is changes nothing", () => {
  const entries = entriesOf(ENDPOINT);
  assert.deepEqual(changesOf(entries, entries), {});
  assert.deepEqual([entries.botToken, entries.appToken], ["", ""]);
});

test("only what was changed is sent, and what was taken away as null", () => {
  const before = entriesOf(ENDPOINT);
  assert.deepEqual(changesOf(before, { ...before, tags: "night, day ", digestMinutes: "", to: "08:00" }), {
    tags: ["night", "day"],
    digestMinutes: null,
    quiet: { from: "22:00", to: "08:00", timeZone: "Asia/Tokyo" },
  });
  const bare = { ...before, agentIds: [], takesAnswers: false, description: " ", botToken: "xoxb-2" };
  assert.deepEqual(changesOf(before, bare), {
    agentIds: null,
    answers: null,
    description: null,
    botToken: "xoxb-2",
  });
});

test("an endpoint for people that becomes one for programs has no rules and no answers any more", () => {
  const before = entriesOf(ENDPOINT);
  const after = { ...before, ...withFormat(before, "event"), url: "https://example.com/" };
  assert.deepEqual(changesOf(before, after), {
    url: "https://example.com/",
    format: "event",
    notices: null,
    answers: null,
    quiet: null,
    digestMinutes: null,
    passes: null,
  });
  assert.deepEqual(withFormat(before, "telegram"), { format: "telegram" });
});

test("a filter that the form of its format does not offer is kept", () => {
  const { notices, ...others } = ENDPOINT;
  const before = entriesOf({ ...others, format: "event", types: ["error"], notices: notices ?? [] });
  assert.deepEqual(changesOf(before, { ...before, tags: "" }), { tags: null });
});

test("over an endpoint that was edited elsewhere, what was changed here stays, and all else is as it is there", () => {
  const before = entriesOf(ENDPOINT);
  const mine = { ...before, tags: "day", notices: [] };
  const now = entriesOf({ ...ENDPOINT, description: "Everybody", digestMinutes: 60, tags: ["dusk"] });
  const both = rebased(before, mine, now);
  assert.deepEqual(both, { ...now, tags: "day", notices: [] });
  assert.deepEqual(changesOf(now, both), { tags: ["day"], notices: null });
});

test("a new endpoint wants nothing but its address", () => {
  assert.deepEqual(bodyOf({ ...newEntries(), url: " https://example.com/ " }), {
    url: "https://example.com/",
    format: "event",
  });
});
