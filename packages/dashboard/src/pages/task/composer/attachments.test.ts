import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { MAX_ATTACHMENTS } from "@mission-control/protocol/message-limits";
import { runText } from "../../../text/run-text.ts";
import type { Attached } from "./attached.ts";
import { Attachments } from "./attachments.ts";

let readings: { names: string[]; end(): void; fail(): void }[];
let attachments: Attachments;
beforeEach(() => {
  readings = [];
  attachments = new Attachments((files) => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Attached[]>();
    const read = files.map(({ name, size }) => ({ name, size, mediaType: "text/plain", content: "" }));
    const names = files.map(({ name }) => name);
    readings.push({ names, end: () => resolve(read), fail: () => reject(new Error("gone")) });
    return promise;
  });
});

const file = (name: string) => new File(["x"], name);
const files = (count: number) => Array.from({ length: count }, (_, at) => file(`f${at}`));
const names = () => attachments.view().files.map(({ name }) => name);

test("a file is there when it is read, and until then the message waits for it", async () => {
  const adding = attachments.add([file("a.txt")], null);
  assert.deepEqual([names(), attachments.view().isReading], [[], true]);
  readings[0]?.end();
  await adding;
  assert.deepEqual([names(), attachments.view().isReading], [["a.txt"], false]);
});

test("two choices that are read at once are both there, each under its own name, whichever is read first", async () => {
  const first = attachments.add([file("image.png")], null);
  const second = attachments.add([file("image.png")], null);
  readings[1]?.end();
  await second;
  assert.equal(attachments.view().isReading, true);
  readings[0]?.end();
  await first;
  assert.deepEqual([names(), attachments.view().isReading], [["image.png", "image-2.png"], false]);
});

test("what fits each by itself may be too much together: the later is refused, and says why", async () => {
  const first = attachments.add(files(MAX_ATTACHMENTS - 1), null);
  const second = attachments.add(files(2), null);
  readings[0]?.end();
  readings[1]?.end();
  await Promise.all([first, second]);
  assert.equal(names().length, MAX_ATTACHMENTS - 1);
  assert.equal(attachments.view().trouble, runText.attach.tooMany(MAX_ATTACHMENTS));
});

test("files that are read when the message has gone do not go with the next", async () => {
  const adding = attachments.add([file("late.txt")], null);
  attachments.replace([]);
  const next = attachments.add([file("next.txt")], null);
  readings[0]?.end();
  await adding;
  assert.deepEqual([names(), attachments.view().isReading], [[], true]);
  readings[1]?.end();
  await next;
  assert.deepEqual([names(), attachments.view().isReading], [["next.txt"], false]);
});

test("a file that cannot be read says so, and leaves the others", async () => {
  const first = attachments.add([file("a.txt")], null);
  readings[0]?.end();
  await first;
  const second = attachments.add([file("folder")], null);
  readings[1]?.fail();
  await second;
  assert.deepEqual([names(), attachments.view().trouble], [["a.txt"], runText.attach.unreadable]);
  attachments.remove("a.txt");
  assert.deepEqual([names(), attachments.view().trouble], [[], null]);
});

test("where no file can go, or too many, none is read", async () => {
  await attachments.add([file("a")], "Not here.");
  assert.equal(attachments.view().trouble, "Not here.");
  await attachments.add(files(MAX_ATTACHMENTS + 1), null);
  assert.equal(attachments.view().trouble, runText.attach.tooMany(MAX_ATTACHMENTS));
  await attachments.add([], "Not here.");
  assert.equal(readings.length, 0);
});
