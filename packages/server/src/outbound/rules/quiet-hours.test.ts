import assert from "node:assert/strict";
import { test } from "node:test";
import { endOfQuiet, heldUntil } from "./quiet-hours.ts";

const night = { timeZone: "Europe/Berlin", from: "22:00", to: "07:00" };

function end(quiet: typeof night, at: string): string | undefined {
  return endOfQuiet(quiet, new Date(at))?.toISOString();
}

test("quiet hours go over midnight, by the clocks of their time zone", () => {
  assert.equal(end(night, "2026-11-23T20:59:59.999Z"), undefined);
  assert.equal(end(night, "2026-11-23T21:00:00.000Z"), "2026-11-24T06:00:00.000Z");
  assert.equal(end(night, "2026-11-24T03:12:34.567Z"), "2026-11-24T06:00:00.000Z");
  assert.equal(end(night, "2026-11-24T05:59:59.999Z"), "2026-11-24T06:00:00.000Z");
  assert.equal(end(night, "2026-11-24T06:00:00.000Z"), undefined);
  const lunch = { timeZone: "Asia/Kolkata", from: "12:00", to: "13:30" };
  assert.equal(end(lunch, "2026-11-24T06:29:59.000Z"), undefined);
  assert.equal(end(lunch, "2026-11-24T06:30:00.000Z"), "2026-11-24T08:00:00.000Z");
});

test("a night in which the clocks are changed ends by the clocks as they are then", () => {
  // Summer time begins on 29 March 2026 at 01:00 UTC, and ends on 25 October at 01:00 UTC.
  assert.equal(end(night, "2026-03-28T22:00:00.000Z"), "2026-03-29T05:00:00.000Z");
  assert.equal(end(night, "2026-10-24T22:00:00.000Z"), "2026-10-25T06:00:00.000Z");
});

test("an end that the clocks leave out is when they go on, and one that they show twice is the first", () => {
  const early = { ...night, to: "02:30" };
  assert.equal(end(early, "2026-03-28T22:00:00.000Z"), "2026-03-29T01:00:00.000Z");
  assert.equal(end(early, "2026-10-24T22:00:00.000Z"), "2026-10-25T00:30:00.000Z");
  const lordHowe = { timeZone: "Australia/Lord_Howe", from: "22:00", to: "07:00" };
  // Half an hour, on 4 October 2026.
  assert.equal(end(lordHowe, "2026-10-03T12:00:00.000Z"), "2026-10-03T20:00:00.000Z");
});

test("every minute of a year is either not quiet, or leads to one that is not", () => {
  for (
    let at = Date.parse("2026-01-01T00:00:00Z");
    at < Date.parse("2027-01-01T00:00:00Z");
    at += 37 * 60_000
  ) {
    const quietEnd = endOfQuiet(night, new Date(at));
    if (!quietEnd) continue;
    assert.equal(endOfQuiet(night, quietEnd), null);
    assert.ok(quietEnd.getTime() > at && quietEnd.getTime() - at <= 10 * 3600_000);
  }
});

test("a digest is due so many minutes after its first notice, and after the quiet hours", () => {
  const rules = { quiet: night, digestMinutes: 60, passes: ["question" as const] };
  const until = (kind: "question" | "review", at: string) =>
    heldUntil(rules, kind, new Date(at))?.toISOString();
  assert.equal(until("review", "2026-11-23T10:00:00.000Z"), "2026-11-23T11:00:00.000Z");
  assert.equal(until("review", "2026-11-23T20:30:00.000Z"), "2026-11-24T06:00:00.000Z");
  assert.equal(until("review", "2026-11-23T23:00:00.000Z"), "2026-11-24T06:00:00.000Z");
  assert.equal(until("question", "2026-11-23T23:00:00.000Z"), undefined);
  assert.equal(heldUntil({}, "review", new Date(0)), null);
});
