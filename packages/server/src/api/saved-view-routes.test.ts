import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { type LogEvent, MAX_SAVED_VIEWS, type SavedView, savedViewSchema } from "@mission-control/protocol";
import { type HttpFixture, startHttp } from "../../test/http-fixture.ts";

let http: HttpFixture;
beforeEach(async () => {
  http = await startHttp();
});
afterEach(() => http.close());

async function save(name: string, more: object = {}): Promise<SavedView> {
  const { status, body } = await http.call("POST", "/api/views", {
    name,
    page: "activity",
    search: "types=error",
    ...more,
  });
  assert.equal(status, 201, JSON.stringify(body));
  return savedViewSchema.parse(body);
}

async function names(): Promise<string[]> {
  const { body } = await http.call("GET", "/api/views");
  return body.items.map(({ name }: SavedView) => name);
}

test("views are saved, renamed, given other filters and removed", async () => {
  assert.deepEqual((await http.call("GET", "/api/views")).body, { items: [] });
  const problems = await save(" Problems ");
  assert.deepEqual([problems.name, problems.page, problems.search], ["Problems", "activity", "types=error"]);
  const mine = await save("Mine", { page: "board", search: "" });
  assert.deepEqual((await http.call("GET", "/api/views")).body, { items: [problems, mine] });
  const changed = await http.call("PATCH", `/api/views/${problems.id}`, { name: "Failures", search: "q=x" });
  assert.deepEqual(changed.body, { ...problems, name: "Failures", search: "q=x" });
  assert.deepEqual(await names(), ["Failures", "Mine"], "it stays in its place");
  assert.equal((await http.call("DELETE", `/api/views/${problems.id}`)).status, 204);
  assert.deepEqual(await names(), ["Mine"]);
});

test("a view is moved to any place of the list, and past the end is the end", async () => {
  const [one] = [await save("one"), await save("two"), await save("three")];
  const move = (index: number) => http.call("PATCH", `/api/views/${one?.id}`, { index });
  await move(1);
  assert.deepEqual(await names(), ["two", "one", "three"]);
  await move(99);
  assert.deepEqual(await names(), ["two", "three", "one"]);
  await move(0);
  assert.deepEqual(await names(), ["one", "two", "three"]);
});

test("the log tells of every change, by the name of the view, and of nothing that was refused", async () => {
  const { id } = await save("one");
  await save("two");
  await http.call("PATCH", `/api/views/${id}`, { name: "first", index: 1 });
  await http.call("PATCH", "/api/views/none", { name: "x" });
  await http.call("DELETE", `/api/views/${id}`);
  await http.call("DELETE", `/api/views/${id}`);
  const { body } = await http.call("GET", "/api/events/history?types=view");
  assert.deepEqual(
    body.items.map(({ message, data }: LogEvent) => [message, data.change, data.fields]).reverse(),
    [
      ["one", "created", undefined],
      ["two", "created", undefined],
      ["first", "edited", ["name", "index"]],
      ["first", "deleted", undefined],
    ],
  );
  assert.equal(body.items[0].data.viewId, id);
});

test("views that are saved at the same moment are all kept", async () => {
  const saved = await Promise.all(Array.from({ length: 20 }, (_, index) => save(`view ${index}`)));
  assert.deepEqual((await names()).sort(), saved.map(({ name }) => name).sort());
});

test("what cannot be a view, and what is not there, is refused", async () => {
  for (const wrong of [
    { name: "", page: "board", search: "" },
    { name: "x", page: "settings", search: "" },
    { name: "x", page: "board", search: "q=a b" },
    { name: "x", page: "board", search: `q=${"a".repeat(3000)}` },
    { name: "x".repeat(65), page: "board", search: "" },
  ]) {
    assert.equal((await http.call("POST", "/api/views", wrong)).status, 400, JSON.stringify(wrong));
  }
  assert.equal((await http.call("PATCH", "/api/views/none", { name: "x" })).status, 404);
  assert.equal((await http.call("PATCH", "/api/views/none", { index: -1 })).status, 400);
  assert.equal((await http.call("DELETE", "/api/views/none")).status, 404);
});

test("there is an end to how many views are kept, said in words", async () => {
  await Promise.all(Array.from({ length: MAX_SAVED_VIEWS }, (_, index) => save(`view ${index}`)));
  const refused = await http.call("POST", "/api/views", { name: "more", page: "board", search: "" });
  assert.equal(refused.status, 409);
  assert.match(refused.body.detail, /remove one first/);
});
