import assert from "node:assert/strict";
import { test } from "node:test";
import { stampMessage } from "./message.ts";
import { Transcript } from "./transcript.ts";

const frame = (id: number | string, sender = "a", sequence = 1) =>
  Buffer.from(`id: ${id}\ndata: {"message":"${stampMessage({ sender, sequence, sentAt: 42 })}"}\n\n`);

test("what was written down is found again, across block borders", () => {
  const transcript = new Transcript();
  const frames = Array.from({ length: 100_000 }, (_, index) => frame(index + 1, "a", index));
  for (const one of frames) transcript.append(one);
  assert.equal(transcript.count, frames.length);
  assert.ok(transcript.length > 4_500_000);
  const all = Buffer.concat(frames);
  assert.ok(transcript.matches(0, all, 0, all.length));
  assert.deepEqual(transcript.slice(1000, 4_700_000), all.subarray(1000, 4_700_000));
  all[4_500_000] = (all[4_500_000] ?? 0) ^ 1;
  assert.equal(transcript.matches(0, all, 0, all.length), false);
  assert.equal(transcript.sentAt(7), 42);
  assert.equal(transcript.id(7), "8");
});

test("ids that do not rise are refused", () => {
  const transcript = new Transcript();
  transcript.append(frame(5));
  assert.throws(() => transcript.append(frame(5, "b")), /Event id 5 came after 5/);
  assert.throws(() => transcript.append(frame(4, "b")), /Event id 4 came after 5/);
  transcript.append(frame(10, "b"));
});

test("nchan's ids rise by second and count", () => {
  const transcript = new Transcript();
  transcript.append(frame("100:9", "a", 1));
  transcript.append(frame("100:10", "a", 2));
  transcript.append(frame("101:0", "a", 3));
  assert.throws(() => transcript.append(frame("100:11", "a", 4)), /came after/);
});

test("a sender's callbacks that are missing, doubled or out of order are refused", () => {
  const transcript = new Transcript();
  transcript.append(frame(1, "a", 1));
  transcript.append(frame(2, "b", 7));
  transcript.append(frame(3, "a", 2));
  assert.throws(() => transcript.append(frame(4, "a", 4)), /Callback 4 of a came after 2/);
  assert.throws(() => transcript.append(frame(5, "a", 2)), /Callback 2 of a came after 2/);
});

test("gaps in the ids, and events beside the filter, are refused where they are not expected", () => {
  const whole = new Transcript({ contiguous: true });
  whole.append(frame(1, "a", 1));
  assert.throws(() => whole.append(frame(3, "a", 2)), /events are missing/);
  const filtered = new Transcript({ mustHold: '"taskId":"x"' });
  assert.throws(() => filtered.append(frame(1)), /came through the filter/);
});
