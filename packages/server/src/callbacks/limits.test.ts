import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { running } from "../../test/conformance/engine.ts";
import { CallbackServer, requestOf, said } from "../../test/support/callback-server.ts";

/** A rate a second by which one may come at once, and the next after almost a minute. */
const ONE_A_MINUTE = 0.02;

async function open(context: TestContext, ...limits: Parameters<typeof CallbackServer.open>) {
  const server = await CallbackServer.open(...limits);
  context.after(() => server.close());
  await running(server.store, "t2", "a2", "d2");
  return server;
}

let messages = 0;
const newId = () => `msg_limited_${++messages}`;
const ofOther = () => ({ body: said({ taskId: "t2", agentId: "a2" }), dispatchId: "d2", id: newId() });

for (const dispatchId of ["d1", null]) {
  const url = dispatchId === null ? "on the shared URL" : "on its own URL";
  test(`429: a dispatch that sends more than its share ${url}; the others do not feel it`, async (context) => {
    const server = await open(context, { limitCallbacksPerDispatch: ONE_A_MINUTE });
    const newest = await server.newest;
    const sent = () => server.send({ body: said({ dispatchId: "d1" }), dispatchId, id: newId() });
    assert.equal((await sent()).status, 200);
    const refused = await sent();
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers.get("retry-after")) > 30);
    assert.equal(refused.headers.get("content-type"), "application/problem+json");
    assert.match(String(refused.json.detail), /this dispatch/);
    assert.equal((await server.send(ofOther())).status, 200);
    assert.equal(await server.newest, newest + 2);
    assert.deepEqual(server.limited, ["callbacks_per_dispatch"]);
  });
}

test("nobody without the secret uses up a dispatch's share", async (context) => {
  const server = await open(context, { limitCallbacksPerDispatch: ONE_A_MINUTE });
  for (let index = 0; index < 3; index++) {
    const forged = await server.send({
      body: said(),
      id: newId(),
      secret: "whsec_bm90LW91cnMtbm90LW91cnMtbm90LW91cnMh",
    });
    assert.equal(forged.status, 401);
  }
  assert.equal((await server.send({ body: said(), id: newId() })).status, 200);
});

test("who does not heed Retry-After gets the refusal when it is over, and meanwhile holds nobody up", async (context) => {
  const server = await open(context, { limitCallbacksPerDispatch: ONE_A_MINUTE });
  assert.equal((await server.send({ body: said(), id: newId() })).status, 200);
  assert.equal((await server.send({ body: said(), id: newId() })).status, 429, "the first is told at once");
  const insistent = await server.client();
  const { head, body } = requestOf({ body: said(), id: newId() });
  insistent.write(head, body);
  let answered = false;
  const answer = insistent.response().then((response) => {
    answered = true;
    return response;
  });
  while (server.limited.length < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await server.send(ofOther())).status, 200);
  assert.equal(answered, false);
  server.intake.stop();
  assert.equal((await answer).status, 429, "a server that stops does not wait for it");
});

test("429: an address that sends more than its share, before anything is verified", async (context) => {
  const server = await open(context, { limitCallbacksPerAddress: ONE_A_MINUTE });
  assert.equal((await server.send({ body: said(), id: newId(), scheme: "none" })).status, 401);
  assert.equal((await server.send({ body: said(), id: newId() })).status, 429);
  assert.deepEqual(server.limited, ["callbacks_per_address"]);
});

test("as long as nobody sets a limit for addresses, this machine's own have none", async (context) => {
  const server = await open(context, { limitCallbacksPerDispatch: 0 });
  const client = await server.client();
  for (let index = 0; index < 1100; index++) {
    const { head, body } = requestOf({ body: said(), id: newId(), scheme: "none" });
    client.write(head, body);
    assert.equal((await client.response()).status, 401);
  }
  assert.deepEqual(server.limited, []);
});

test("429: more permission requests than may be open, until one of them is closed", async (context) => {
  const server = await open(context, {}, {}, { openPermissions: 2 });
  const ask = (id: string, state?: string) => {
    const options = [{ optionId: "allow", name: "Allow", kind: "allow_once" }];
    const data = state === undefined ? {} : { data: { state } };
    const body = said({ type: "permission", request: { id, title: "May I?", options }, ...data });
    return server.send({ body, id: newId() });
  };
  const statuses = [];
  for (const id of ["q1", "q2", "q3"]) statuses.push((await ask(id)).status);
  assert.deepEqual(statuses, [200, 200, 429]);
  assert.deepEqual(server.limited, ["open_permissions"]);
  assert.equal((await ask("q1", "withdrawn")).status, 200);
  assert.equal((await ask("q3")).status, 200);
});

test("429: late callbacks beyond those that are recorded, also after a restart", async (context) => {
  const server = await open(context, {}, {}, { lateCallbacks: 3 });
  assert.equal((await server.send({ body: said({ type: "complete" }), id: newId() })).status, 200);
  const newest = await server.newest;
  const late = async () => (await server.send({ body: said(), id: newId() })).status;
  const statuses = [];
  for (let index = 0; index < 5; index++) statuses.push(await late());
  assert.deepEqual(statuses, [409, 409, 409, 429, 429]);
  await server.restartStore();
  assert.equal(await late(), 429);
  assert.equal(await server.newest, newest + 3);
  assert.deepEqual([...new Set(server.limited)], ["late_callbacks"]);
});
