import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Answer, call, type HttpFixture, startHttp, TOKEN } from "../../test/http-fixture.ts";
import { Sessions } from "./sessions.ts";

let http: HttpFixture;
before(async () => {
  http = await startHttp();
});
after(() => http.close());

function logIn(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return call(`${http.url}/api/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

/** A logged-in browser: its requests carry the cookie and come from a page of `origin`. */
async function browser(origin: string | null = http.url) {
  const answer = await logIn({ token: TOKEN }, { "User-Agent": "test browser" });
  const cookie = answer.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
  const request = (method: string, path: string, body?: unknown) =>
    call(http.url + path, {
      method,
      headers: {
        Cookie: `theme=dark; ${cookie}`,
        ...(origin === null ? {} : { Origin: origin }),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return { answer, cookie, request };
}

test("the token starts a session that a script of the page cannot read", async () => {
  const { answer, cookie, request } = await browser();
  assert.equal(answer.status, 201);
  assert.match(
    answer.headers.get("set-cookie") ?? "",
    /^mission_control_session=[A-Za-z0-9_-]{43}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=\d+$/,
  );
  const who = await request("GET", "/api/session");
  assert.equal(who.status, 200);
  assert.deepEqual(who.body, answer.body);
  assert.deepEqual(who.body.features, { outboundWebhooks: false });
  const [kept] = (await http.store.records("session")).filter(({ id }) => id === who.body.id);
  assert.ok(kept && !JSON.stringify(kept).includes(cookie.split("=")[1] ?? "?"));
});

test("the bearer token is nobody's session", async () => {
  const { body } = await http.call("GET", "/api/session");
  assert.deepEqual(body, { id: null, expiresAt: null, features: { outboundWebhooks: false } });
});

test("over https the cookie is for https alone", async (t) => {
  const secure = await startHttp({ publicUrl: "https://mc.example" });
  t.after(() => secure.close());
  const answer = await call(`${secure.url}/api/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token: TOKEN }),
  });
  assert.match(answer.headers.get("set-cookie") ?? "", /; Secure$/);
  const cookie = answer.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
  const create = (origin: string) =>
    call(`${secure.url}/api/tasks`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Cookie: cookie, Origin: origin },
      body: '{"title":"x"}',
    });
  assert.equal((await create("https://mc.example")).status, 201);
  assert.equal((await create("http://mc.example")).status, 403);
});

test("a one-time code logs in once, within ten minutes", async () => {
  const code = http.logInCodes.issue();
  assert.equal((await logIn({ code })).status, 201);
  assert.equal((await logIn({ code })).status, 401);
  const late = http.logInCodes.issue();
  http.clock.advance(10 * 60_000);
  assert.equal((await logIn({ code: late })).status, 401);
});

test("a session changes things only from a page of this server", async () => {
  const own = await browser();
  assert.equal((await own.request("POST", "/api/tasks", { title: "from the page" })).status, 201);
  for (const origin of [null, "http://evil.example", `http://${http.host}.evil.example`, "null"]) {
    const other = await browser(origin);
    assert.equal((await other.request("POST", "/api/tasks", { title: "x" })).status, 403, String(origin));
    assert.equal((await other.request("DELETE", "/api/session")).status, 403, String(origin));
    assert.equal((await other.request("GET", "/api/tasks")).status, 200, String(origin));
  }
});

test("log-ins are listed, ended one by one, and ended by logging out", async () => {
  const one = await browser();
  const other = await browser();
  const { body } = await one.request("GET", "/api/sessions");
  const current = body.items.filter((item: { current: boolean }) => item.current);
  assert.deepEqual(
    current.map((item: { id: string }) => item.id),
    [one.answer.body.id],
  );
  assert.equal(current[0].userAgent, "test browser");
  assert.ok(!JSON.stringify(body).includes("Hash"));
  assert.equal((await one.request("DELETE", `/api/sessions/${other.answer.body.id}`)).status, 204);
  assert.equal((await one.request("DELETE", `/api/sessions/${other.answer.body.id}`)).status, 404);
  assert.equal((await other.request("GET", "/api/session")).status, 401);
  const out = await one.request("DELETE", "/api/session");
  assert.equal(out.status, 204);
  assert.match(out.headers.get("set-cookie") ?? "", /^mission_control_session=; .*Max-Age=0/);
  assert.equal((await one.request("GET", "/api/tasks")).status, 401);
});

test("a session ends after thirty days, and a restart keeps the ones that have not ended", async () => {
  const old = await browser();
  http.clock.advance(29 * 86_400_000);
  const young = await browser();
  const restarted = await Sessions.open(http.store, http.clock.now);
  assert.ok(restarted.find(young.cookie.split("=")[1] ?? ""));
  http.clock.advance(86_400_000);
  assert.equal((await old.request("GET", "/api/session")).status, 401);
  assert.equal((await young.request("GET", "/api/session")).status, 200);
});

test("a wrong bearer token is not made good by a cookie", async () => {
  const { cookie } = await browser();
  const headers = { Cookie: cookie, Authorization: "Bearer wrong" };
  assert.equal((await call(`${http.url}/api/tasks`, { headers })).status, 401);
});

test("wrong log-ins are refused, and slowed after a few", async () => {
  for (const body of [{}, { token: "" }, { token: 1 }, { token: TOKEN, code: "x" }, { code: "" }, []]) {
    assert.equal((await logIn(body)).status, 400, JSON.stringify(body));
  }
  await logIn({ token: TOKEN });
  for (let tries = 0; tries < 6; tries++) {
    const { status, headers } = await logIn({ token: "a guess" });
    assert.equal(status, 401);
    assert.equal(headers.get("www-authenticate"), "Bearer");
  }
  const slowed = await logIn({ token: TOKEN });
  assert.equal(slowed.status, 429);
  assert.equal(slowed.headers.get("retry-after"), "1");
  http.clock.advance(1000);
  assert.equal((await logIn({ token: "a guess" })).status, 401);
  assert.equal((await logIn({ token: TOKEN })).headers.get("retry-after"), "2");
  http.clock.advance(2000);
  assert.equal((await logIn({ token: TOKEN })).status, 201);
  assert.equal((await logIn({ token: "a guess" })).status, 401);
});
