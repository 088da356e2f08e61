import assert from "node:assert/strict";
import { test } from "node:test";
import { standardHeaders } from "@mission-control/protocol";
import { Mutator, seeded, type Victim } from "./support/mutations.ts";
import { ConnectionEndedError, RawClient, type RawResponse } from "./support/raw-client.ts";
import { AgentDouble, dispatchTasks, ServerProcess } from "./support/server-process.ts";

const REQUESTS = 10_000;
const CONNECTIONS = 16;
const SEED = Number(process.env.MUTATION_SEED ?? 20_261_123);

test(`${REQUESTS} mutated callbacks (seed ${SEED}): none is a fault of the server, none is stored`, async (context) => {
  // However long it takes, nothing is told of the agent's silence.
  const server = await ServerProcess.start({ MISSION_CONTROL_FIRST_WORD_SECONDS: "0" });
  context.after(() => server.close());
  const agent = await AgentDouble.start();
  context.after(() => agent.close());
  const [payload] = await dispatchTasks(server, agent, 1);
  assert.ok(payload);
  const victim: Victim = {
    path: new URL(payload.callback.url).pathname,
    secret: payload.callback.secret,
    taskId: payload.task.id,
    agentId: payload.agent.id,
  };
  const lastEventId = async () =>
    (await server.call<{ lastEventId: number }>("GET", "/api/tasks")).lastEventId;
  const before = await lastEventId();
  const task = await server.call("GET", `/api/tasks/${victim.taskId}`);
  const mutator = new Mutator(seeded(SEED), victim);
  const answers = new Map<string, number>();
  let left = REQUESTS;

  const attack = async () => {
    let client: RawClient | null = null;
    while (left-- > 0) {
      const mutant = mutator.next();
      client ??= await RawClient.connect(server.port);
      for (const piece of mutant.pieces) {
        client.write(piece);
        if (mutant.pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
      }
      if (mutant.afterwards === "reset") {
        client.socket.resetAndDestroy();
        client = null;
        continue;
      }
      if (mutant.afterwards === "end") client.socket.end();
      const response: RawResponse | null = await client.response().catch((error: unknown) => {
        if (error instanceof ConnectionEndedError) return null;
        throw error;
      });
      const status: number | "closed" = response?.status ?? "closed";
      answers.set(`${mutant.what}: ${status}`, (answers.get(`${mutant.what}: ${status}`) ?? 0) + 1);
      if (mutant.status !== undefined) assert.equal(status, mutant.status, mutant.what);
      else if (response)
        assert.ok(response.status >= 400 && response.status < 500, `${mutant.what}: ${status}`);
      if (mutant.afterwards === "end" || !response || response.headers.get("connection") === "close") {
        client.close();
        client = null;
      }
    }
    client?.close();
  };
  // Two more that send one byte at a time, and are never done.
  const slow = await Promise.all([RawClient.connect(server.port), RawClient.connect(server.port)]);
  const trickle = setInterval(() => {
    for (const client of slow) client.write("P");
  }, 5);
  context.after(() => {
    clearInterval(trickle);
    for (const client of slow) client.close();
  });
  await Promise.all(Array.from({ length: CONNECTIONS }, attack));

  const seen = [...answers].map(([answer, count]) => `${answer} × ${count}`).sort();
  context.diagnostic(seen.join(", "));
  assert.equal(await lastEventId(), before, "nothing was stored");
  assert.deepEqual(await server.call("GET", `/api/tasks/${victim.taskId}`), task);
  const body = JSON.stringify({ taskId: victim.taskId, agentId: victim.agentId, type: "complete" });
  const timestamp = Math.floor(Date.now() / 1000);
  const good = await fetch(payload.callback.url, {
    method: "POST",
    body,
    headers: {
      "Content-Type": "application/json",
      ...standardHeaders(victim.secret, { id: "msg_good", timestamp, body }),
    },
  });
  assert.equal(good.status, 200, await good.text());
  const { code, stderr } = await server.end("SIGTERM");
  assert.equal(code, 0);
  assert.doesNotMatch(stderr, /"level":(50|60)/, "nothing above was a fault of the server");
});
