import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { request as httpsRequest } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { CALLBACK_PATH, signSimple } from "@mission-control/protocol";
import { type Running, start } from "../../packages/cli/test/command-line.ts";
import { installDebian } from "./debian.ts";
import { NAME, PROXY_KINDS, ReverseProxy } from "./reverse-proxies.ts";

const TOKEN = "proxies-tests-token-0123456789abcdef";
const SECRET = "proxies-tests-secret-0123456789abcdef";
const ORIGIN = `https://${NAME}`;

const missing = installDebian({
  openssl: "openssl",
  ...Object.fromEntries(PROXY_KINDS.map((kind) => [kind.program, kind.package])),
});

/** One way over a proxy, by HTTP/1.1 or HTTP/2. */
interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

for (const kind of PROXY_KINDS) {
  const isMissing = missing.includes(kind.program) || missing.includes("openssl");
  const skip = isMissing && `${kind.program} is not installed: as root, apt-get install ${kind.package}`;

  describe(`behind ${kind.program}, with the shipped file`, { skip }, () => {
    let folder: string;
    let server: Running;
    let serverPort: number;
    let proxy: ReverseProxy;
    const sessions: ClientHttp2Session[] = [];

    before(async () => {
      const [port, https, http] = await freePorts(3);
      serverPort = port as number;
      folder = mkdtempSync(join(tmpdir(), "mission-control-proxied-"));
      await startServer();
      proxy = await ReverseProxy.start(kind, {
        server: serverPort,
        https: https as number,
        http: http as number,
      });
    });
    after(async () => {
      for (const session of sessions) session.destroy();
      await proxy?.close();
      server?.child.kill("SIGTERM");
      await server?.finished;
      rmSync(folder, { recursive: true, force: true });
    });

    async function startServer(): Promise<void> {
      server = start(["start", "--port", String(serverPort), "--data-dir", folder, "--json"], {
        MISSION_CONTROL_PUBLIC_URL: ORIGIN,
        MISSION_CONTROL_TRUSTED_PROXIES: "loopback",
        MISSION_CONTROL_TOKEN: TOKEN,
        MISSION_CONTROL_WEBHOOK_SECRET: SECRET,
      });
      await server.line();
    }

    /** A connection by HTTP/2. */
    async function openHttp2(): Promise<ClientHttp2Session> {
      const { https: port, certificate: ca } = proxy;
      const session = connectHttp2(ORIGIN, { host: "127.0.0.1", port, servername: NAME, ca });
      sessions.push(session);
      session.on("error", () => {});
      await once(session, "connect");
      return session;
    }

    /** One request by HTTP/1.1, on a connection of its own. */
    function ask(method: string, path: string, headers: object = {}, body?: string): Promise<Answer> {
      return new Promise((resolve, reject) => {
        const request = httpsRequest(
          {
            host: "127.0.0.1",
            port: proxy.https,
            servername: NAME,
            ca: proxy.certificate,
            method,
            path,
            agent: false,
            headers: { Host: NAME, ...headers },
          },
          async (response) => {
            const chunks: Buffer[] = [];
            for await (const chunk of response) chunks.push(chunk);
            const { statusCode: status = 0, headers } = response;
            resolve({ status, headers, body: Buffer.concat(chunks).toString() });
          },
        );
        request.on("error", reject);
        request.end(body);
      });
    }

    const withToken = { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" };

    async function addTask(title: string): Promise<string> {
      const added = await ask("POST", "/api/tasks", withToken, JSON.stringify({ title }));
      assert.equal(added.status, 201, added.body);
      return JSON.parse(added.body).id;
    }

    test("a browser logs in, and its cookie is for TLS alone", async () => {
      const headers = { "Content-Type": "application/json", Origin: ORIGIN };
      const loggedIn = await ask("POST", "/api/session", headers, JSON.stringify({ token: TOKEN }));
      assert.equal(loggedIn.status, 201, loggedIn.body);
      const [cookie = ""] = loggedIn.headers["set-cookie"] as string[];
      assert.match(cookie, /^__Host-.*; Secure/);
      const { key } = JSON.parse(loggedIn.body);
      const proof = { Cookie: cookie.split(";")[0], "Mission-Control-Session-Key": key, Origin: ORIGIN };
      assert.equal((await ask("GET", "/api/session", proof)).status, 200);
      const json = { ...proof, "Content-Type": "application/json" };
      assert.equal((await ask("POST", "/api/tasks", json, '{"title":"By a browser"}')).status, 201);
      assert.equal((await ask("DELETE", "/api/session", proof)).status, 204);
      assert.equal((await ask("GET", "/api/session", proof)).status, 401);
    });

    test("what comes by the proxy does not count as coming from this machine", async () => {
      assert.equal((await ask("GET", "/metrics")).status, 401);
    });

    test("a signed callback and the largest body pass", async () => {
      const taskId = await addTask("Reported on");
      const timestamp = new Date().toISOString();
      const body = JSON.stringify({ id: "one", taskId, agentId: "a", type: "progress", timestamp });
      const headers = {
        "Content-Type": "application/json",
        "X-Signature-SHA256": signSimple(SECRET, Buffer.from(body)),
      };
      const unsigned = await ask("POST", CALLBACK_PATH, { "Content-Type": "application/json" }, body);
      assert.equal(unsigned.status, 401);
      // Signed, and read: no agent of that name has the task.
      assert.equal((await ask("POST", CALLBACK_PATH, headers, body)).status, 404);
      const context = { text: "x".repeat(1024 * 1024 - 200) };
      const large = JSON.stringify({ title: "Large", context });
      assert.equal((await ask("POST", "/api/tasks", withToken, large)).status, 201);
    });

    test("events come as they are committed, by HTTP/2 to many readers at once, compressed or not", async () => {
      const session = await openHttp2();
      const readers = ["", "gzip", "gzip, br", ""].map((encoding) => new Http2Reader(session, encoding));
      await Promise.all(readers.map((reader) => reader.opened));
      for (let round = 0; round < 3; round++) {
        // The next one is added only once every reader has the last one: nothing waits in the proxy.
        const id = await addTask(`Round ${round}`);
        await Promise.all(readers.map((reader) => reader.until(id)));
      }
      for (const reader of readers) reader.close();
    });

    test("a reader comes back after a restart of the server, and misses nothing", async () => {
      const first = new Http2Reader(await openHttp2(), "");
      await first.opened;
      await first.until(await addTask("Before"));
      const position = first.lastId;
      server.child.kill("SIGTERM");
      await server.finished;
      await first.ended;
      await startServer();
      let between: string | null = null;
      // The proxy may take a while to see that the server is back.
      while (between === null) between = await addTask("Meanwhile").catch(() => null);
      const second = new Http2Reader(await openHttp2(), "", position);
      await second.opened;
      await second.until(between);
      second.close();
    });

    test("plain http is sent to TLS", {
      skip: kind.program === "caddy" && "by itself, as its users have it",
    }, async () => {
      const status = await new Promise<number>((resolve, reject) => {
        httpRequest({ host: "127.0.0.1", port: proxy.http, path: "/board", headers: { Host: NAME } })
          .on("response", (response) => {
            response.resume();
            assert.equal(response.headers.location, `${ORIGIN}/board`);
            resolve(response.statusCode ?? 0);
          })
          .on("error", reject)
          .end();
      });
      assert.equal(status, 301);
    });
  });
}

/** A reader of the event stream on an HTTP/2 connection that it shares. */
class Http2Reader {
  readonly opened: Promise<void>;
  readonly ended: Promise<void>;
  #text = "";
  #wake: () => void = () => {};
  readonly #stream;

  constructor(session: ClientHttp2Session, encoding: string, after?: number) {
    this.#stream = session.request({
      ":path": "/api/events",
      authorization: `Bearer ${TOKEN}`,
      ...(encoding === "" ? {} : { "accept-encoding": encoding }),
      ...(after === undefined ? {} : { "last-event-id": String(after) }),
    });
    this.opened = once(this.#stream, "response").then(([headers]) => {
      assert.equal(headers[":status"], 200);
      assert.equal(headers["content-encoding"], undefined);
    });
    this.ended = new Promise((resolve) => this.#stream.once("close", resolve));
    this.#stream.on("error", () => {});
    this.#stream.setEncoding("utf8");
    this.#stream.on("data", (text: string) => {
      this.#text += text;
      this.#wake();
    });
  }

  get lastId(): number {
    return Number([...this.#text.matchAll(/^id: ?(\d+)$/gm)].at(-1)?.[1]);
  }

  /** Resolves once an event that tells of the text came. */
  async until(text: string): Promise<void> {
    while (!this.#text.includes(text)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#stream.close();
  }
}

/** Ports nobody listens on, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  for (const server of servers) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) {
    server.close();
    await once(server, "close");
  }
  return ports;
}
