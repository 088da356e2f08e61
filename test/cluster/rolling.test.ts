import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { checkLog } from "../../packages/server/test/support/log-check.ts";
import { RawClient } from "../../packages/server/test/support/raw-client.ts";
import { sending } from "../../packages/server/test/support/sending.ts";
import {
  AgentDouble,
  dispatchTasks,
  ServerProcess,
} from "../../packages/server/test/support/server-process.ts";
import { StreamFollower } from "../../packages/server/test/support/stream-follower.ts";
import { freePort } from "../openclaw/free-port.ts";
import { installDebian } from "./debian.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";
import { PROXY_KINDS, ReverseProxy } from "./reverse-proxies.ts";
import { sentTo } from "./sent-to.ts";
import { TlsWay } from "./tls-way.ts";

const missing = installDebian({ haproxy: "haproxy", openssl: "openssl" });
const haproxy = PROXY_KINDS.find(({ program }) => program === "haproxy") ?? assert.fail();

const SETTINGS = {
  MISSION_CONTROL_TRUSTED_PROXIES: "loopback",
  MISSION_CONTROL_LIMIT_CALLBACKS_PER_DISPATCH: "0",
};

/** A browser as far as its connections go: it keeps one, and asks again where that turns out to have been closed. */
class Browser {
  readonly failures: string[] = [];
  readonly #port: number;
  readonly #token: string;
  #client: RawClient | null = null;

  constructor(port: number, token: string) {
    this.#port = port;
    this.#token = token;
  }

  /** Asks for the page and for a list, again and again, and notes what is not answered 200. */
  async run(stop: AbortSignal): Promise<void> {
    for (let round = 0; !stop.aborted; round++) {
      const path = round % 2 === 0 ? "/" : "/api/tasks";
      const outcome = await this.#ask(path).catch(String);
      if (outcome !== 200) this.failures.push(`${path}: ${outcome}`);
      await wait(10);
    }
    this.#client?.close();
  }

  async #ask(path: string): Promise<number> {
    const isUsed = this.#client !== null;
    this.#client ??= await RawClient.connect(this.#port);
    this.#client.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${this.#token}\r\n\r\n`,
    );
    try {
      return (await this.#client.response()).status;
    } catch (error) {
      this.#client.close();
      this.#client = null;
      if (isUsed) return this.#ask(path);
      throw error;
    }
  }
}

test("behind HAProxy, with the shipped file, all servers are restarted one by one under load, and nobody notices", {
  skip: missing.length > 0 && `${missing.join(", ")} not installed: as root, apt-get install haproxy openssl`,
}, async (context) => {
  const database = await PostgresServer.start();
  const place = await Place.make(database);
  const agent = await AgentDouble.start();
  const nodes: ServerProcess[] = [];
  for (let count = 0; count < 3; count++) {
    nodes.push(await ServerProcess.start({ DATABASE_URL: place.url, ...SETTINGS }));
  }
  const [first] = nodes as [ServerProcess];
  const [server, ...others] = nodes.map(({ port }) => port) as [number, number, number];
  const ports = { server, others, https: await freePort(), http: await freePort() };
  const proxy = await ReverseProxy.start(haproxy, ports);
  const way = await TlsWay.to(proxy);
  const payloads = await dispatchTasks(first, agent, 4);
  await agent.receives(4);
  const readers = Array.from({ length: 3 }, () => new StreamFollower(way.port, first.token));
  const stop = new AbortController();
  const browser = new Browser(way.port, first.token);
  const browsing = browser.run(stop.signal);
  const { senders, answered, end } = sending(
    context,
    payloads.map((payload) => sentTo(way, payload)),
  );
  context.after(async () => {
    stop.abort();
    await Promise.all([browsing, ...readers.map((reader) => reader.close())]);
    await proxy.close();
    await way.close();
    await Promise.all([...nodes.map((node) => node.close()), agent.close()]);
    await database.discard();
  });
  for (const node of nodes) {
    await answered(40);
    const ended = node.end("SIGTERM");
    await answered(40);
    assert.equal((await ended).code, 0);
    await node.restart();
    // Time for the proxy to see that it is back: the next one may go only then.
    await answered(40);
    await wait(2000);
  }
  await end();
  stop.abort();
  await browsing;
  assert.deepEqual(browser.failures, []);
  const ids = await checkLog(first, senders);
  for (const reader of readers) {
    await reader.until(ids.length);
    assert.deepEqual(reader.ids, ids);
  }
  assert.equal(agent.received.length, 4, "no dispatch was sent a second time");
});
