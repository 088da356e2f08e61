import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type HttpFixture, startHttp, TOKEN } from "../../../server/test/http-fixture.ts";
import { becomePage, type PageGlobals } from "../../test/support/page-globals.ts";
import { ApiClient } from "../api/client.ts";
import { logIn } from "../api/session.ts";
import { forgetSessionKey } from "../api/session-key.ts";
import { ClockOffset } from "../store/clock-offset.ts";
import { attemptsOf } from "./attempt-history.ts";
import { readBack } from "./use-attempt-stories.ts";

const HOUR = 3_600_000;
let http: HttpFixture;
let page: PageGlobals;
let api: ApiClient;
const agents: string[] = [];

/** Two attempts of two agents now, one of the first three hours ago: by the server's clock, which is days behind. */
before(async () => {
  http = await startHttp();
  page = becomePage(`${http.url}/`);
  api = new ApiClient({ onAnswer() {}, onSignedOut() {} });
  await logIn(api, { token: TOKEN });
  for (const name of ["Ada", "Bob"]) {
    const endpoint = { kind: "http", url: "http://127.0.0.1:9/" };
    agents.push((await http.call("POST", "/api/agents", { name, endpoint, concurrency: 9 })).body.id);
  }
  await attempt(agents[0]);
  http.clock.advance(3 * HOUR);
  await attempt(agents[0]);
  await attempt(agents[1]);
});
after(async () => {
  forgetSessionKey();
  page.restore();
  await http.close();
});

async function attempt(agentId: string | undefined): Promise<void> {
  const { id } = (await http.call("POST", "/api/tasks", { title: "A task" })).body;
  assert.equal((await http.call("POST", `/api/tasks/${id}/dispatch`, { agentId })).status, 200);
}

/** What is known of the server's clock after an answer. */
function clock(): ClockOffset {
  const known = new ClockOffset(false);
  const now = Date.now();
  known.sawDateHeader(http.clock.now().toUTCString(), now, now);
  return known;
}

const { signal } = new AbortController();
const counted = async (range: number, agentId?: string) => {
  const { newest } = await http.store.range();
  const { events } = await readBack({ api, clock: clock() }, range, newest + 1, agentId, signal);
  return attemptsOf(events).length;
};

test("a range is by the server's clock, however far it is from the browser's", async () => {
  assert.equal(await counted(HOUR), 2);
  assert.equal(await counted(24 * HOUR), 3);
});

test("of one agent, its own", async () => {
  assert.equal(await counted(24 * HOUR, agents[0]), 2);
  assert.equal(await counted(HOUR, agents[1]), 1);
  assert.equal(await counted(HOUR, "agent_none"), 0);
});

test("events are in the log's order, from the time that was asked for", async () => {
  const { newest } = await http.store.range();
  const { events, since } = await readBack({ api, clock: clock() }, HOUR, newest + 1, undefined, signal);
  const ids = events.map(({ id }) => id);
  assert.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
  );
  assert.ok(Math.abs(since - (http.clock.now().getTime() - HOUR)) < 5_000);
});
