import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { QueryClient } from "@tanstack/react-query";
import { type HttpFixture, startHttp, TOKEN } from "../../../server/test/http-fixture.ts";
import { becomePage, type PageGlobals } from "../../test/support/page-globals.ts";
import { logIn } from "../api/session.ts";
import { forgetSessionKey } from "../api/session-key.ts";
import { Mission } from "../app/mission.ts";
import { text } from "../text/text.ts";
import { send, sendings } from "./use-task-actions.ts";

let http: HttpFixture;
let page: PageGlobals;
let mission: Mission;
let taskId: string;
beforeEach(async () => {
  http = await startHttp();
  page = becomePage(`${http.url}/`);
  mission = new Mission(new QueryClient());
  await logIn(mission.api, { token: TOKEN });
  taskId = (await http.call("POST", "/api/tasks", { title: "A task" })).body.id;
  await mission.loadTasks("limit=10");
});
afterEach(async () => {
  forgetSessionKey();
  page.restore();
  await http.close();
});

const said = () => mission.notices.all.map(({ kind, text: words }) => [kind, words]);

test("an action shows at once, and stays until its own event confirms it", async () => {
  const sent = send(mission, taskId, sendings.cancel(taskId));
  assert.deepEqual(mission.pending.get(taskId)?.to, "cancelled");
  assert.equal(mission.pending.get(taskId)?.label, text.action.cancelling);
  assert.equal(await sent, true);
  assert.ok(mission.pending.get(taskId), "the answer is not the event");
  const { items } = (await http.call("GET", "/api/events/history?types=status_change")).body;
  mission.pending.confirm(items);
  assert.equal(mission.pending.get(taskId), undefined);
  assert.deepEqual(said(), []);
});

test("an action that is refused is taken back, with the reason, and the task shown as the server has it", async () => {
  await http.call("POST", `/api/tasks/${taskId}/cancel`);
  assert.equal(mission.tasks.get(taskId)?.status, "pending", "this page is behind");
  assert.equal(await send(mission, taskId, sendings.approve(taskId)), false);
  assert.equal(mission.pending.get(taskId), undefined);
  const [[kind, words] = []] = said();
  assert.equal(kind, "error");
  assert.match(words ?? "", /review/);
  while (mission.tasks.get(taskId)?.status !== "cancelled") await new Promise(setImmediate);
});

test("an action that reaches nobody is taken back too, and may be tried again", async () => {
  await http.close();
  assert.equal(await send(mission, taskId, sendings.delete(taskId)), false);
  assert.equal(mission.pending.get(taskId), undefined);
  assert.deepEqual(said(), [["error", text.action.refused(text.error.unreachable)]]);
  http = await startHttp();
});

test("an id that would lead elsewhere stays one", () => {
  const { path } = sendings.answer("a/../b", "r?x", "yes").call;
  assert.equal(path, "/api/tasks/a%2F..%2Fb/permissions/r%3Fx");
});
