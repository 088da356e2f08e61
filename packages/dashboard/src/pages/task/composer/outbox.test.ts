import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { MessageView } from "@mission-control/protocol";
import { event } from "../../../../test/support/events.ts";
import { ApiError } from "../../../api/api-error.ts";
import type { ApiCall } from "../../../api/client.ts";
import { Outbox } from "./outbox.ts";

let calls: { call: ApiCall; answer(id: string): void; fail(status: number): void }[];
let outbox: Outbox;
beforeEach(() => {
  calls = [];
  outbox = new Outbox("task_1", (call) => {
    const { promise, resolve, reject } = Promise.withResolvers<MessageView>();
    calls.push({
      call,
      answer: (id) => resolve({ id } as MessageView),
      fail: (status) => reject(new ApiError(`refused with ${status}`, status, null, null)),
    });
    return promise;
  });
});

const file = { name: "a.txt", mediaType: "text/plain", size: 1, content: "YQ==" };
const told = (id: string, taskId = "task_1") =>
  outbox.hear([event(1, { type: "message", taskId, data: { messageId: id } })]);
const shown = () => outbox.messages().map(({ text, id, error }) => [text, id, error]);
const keyOf = (at: number) => calls[at]?.call.headers?.["idempotency-key"];
/** Sends, and has it fail. */
async function lose(text: string, status: number): Promise<void> {
  const sent = outbox.send(text, "next", []);
  calls.at(-1)?.fail(status);
  await sent;
}

test("a message shows at once, and stays until the log tells of it", async () => {
  const sent = outbox.send("Hello", "steer", [file]);
  assert.deepEqual(shown(), [["Hello", undefined, undefined]]);
  assert.deepEqual(calls[0]?.call.body, {
    text: "Hello",
    mode: "steer",
    attachments: [{ name: "a.txt", mediaType: "text/plain", content: "YQ==" }],
  });
  calls[0]?.answer("m1");
  await sent;
  told("m2");
  told("m1", "task_2");
  assert.deepEqual(shown(), [["Hello", "m1", undefined]]);
  told("m1");
  assert.deepEqual(shown(), []);
});

test("the log may tell of a message before its call is answered", async () => {
  const sent = outbox.send("Hello", "steer", []);
  told("m1");
  calls[0]?.answer("m1");
  await sent;
  assert.deepEqual(shown(), []);
});

test("what was not taken says why, until somebody takes it back; other messages go their way", async () => {
  const first = outbox.send("First", "steer", []);
  const second = outbox.send("Second", "steer", []);
  calls[0]?.fail(409);
  calls[1]?.answer("m2");
  await Promise.all([first, second]);
  assert.deepEqual(shown(), [
    ["First", undefined, "refused with 409"],
    ["Second", "m2", undefined],
  ]);
  outbox.drop(outbox.messages()[0]?.key ?? 0);
  assert.deepEqual(shown(), [["Second", "m2", undefined]]);
});

test("a message whose answer was lost is sent again under its own key, so that it is not said twice", async () => {
  await lose("Hello", 0);
  await lose("Hello", 504);
  assert.equal(keyOf(1), keyOf(0));
  const sent = outbox.send("Hello", "next", []);
  assert.equal(keyOf(2), keyOf(0));
  calls[2]?.answer("m1");
  await sent;
  void outbox.send("Hello", "next", []);
  assert.notEqual(keyOf(3), keyOf(0), "said again on purpose");
});

test("one that was taken after all, though its answer was lost, goes when it is sent again", async () => {
  await lose("Hello", 0);
  told("m1");
  outbox.drop(outbox.messages()[0]?.key ?? 0);
  const sent = outbox.send("Hello", "next", []);
  calls[1]?.answer("m1");
  await sent;
  assert.deepEqual(shown(), []);
});

test("other words, another way, other files, or a refusal that was told: that is another message", async () => {
  await lose("Hello", 0);
  void outbox.send("Hello!", "next", []);
  void outbox.send("Hello", "steer", []);
  void outbox.send("Hello", "next", [file]);
  await lose("Refused", 409);
  void outbox.send("Refused", "next", []);
  const keys = new Set(calls.map((_, at) => keyOf(at)));
  assert.equal(keys.size, 6);
});

test("a log that begins anew has what the server has taken; what is on its way, or was refused, stays", async () => {
  const sent = outbox.send("Taken", "steer", []);
  calls[0]?.answer("m1");
  await sent;
  void outbox.send("On its way", "steer", []);
  await lose("Refused", 409);
  outbox.restart();
  assert.deepEqual(
    shown().map(([text]) => text),
    ["On its way", "Refused"],
  );
});

test("nothing changes, nothing is drawn", () => {
  let drawn = 0;
  const stop = outbox.subscribe(() => drawn++);
  const before = outbox.messages();
  told("m1");
  assert.deepEqual([outbox.messages() === before, drawn], [true, 0]);
  void outbox.send("Hello", "steer", []);
  assert.equal(drawn, 1);
  stop();
  void outbox.send("Hello", "steer", []);
  assert.equal(drawn, 1);
});
