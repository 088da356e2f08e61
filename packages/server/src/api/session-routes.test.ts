import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Answer, call, type HttpFixture, startHttp, TOKEN } from "../../test/http-fixture.ts";

let http: HttpFixture;
before(async () => {
  http = await startHttp();
});
after(() => http.close());

function logIn(body: unknown, headers: Record<string, string> = {}, to = http): Promise<Answer> {
  return call(`${to.url}/api/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

/** What a logged-in browser sends with each request. */
function proofOf({ headers, body }: Answer): Record<string, string> {
  const cookie = headers.get("set-cookie")?.split(";", 1)[0] ?? "";
  return { Cookie: `theme=dark; ${cookie}`, "Mission-Control-Session-Key": body.key };
}

/** A logged-in browser, whose requests come from a page of `origin`. */
async function browser(origin: string | null = http.url) {
  const answer = await logIn({ token: TOKEN }, { "User-Agent": "test browser" });
  const proof = proofOf(answer);
  const request = (method: string, path: string, body?: unknown, to = http) =>
    call(to.url + path, {
      method,
      headers: {
        ...proof,
        ...(origin === null ? {} : { Origin: origin }),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return { answer, proof, request };
}

test("the token starts a session whose cookie a script of the page cannot read", async () => {
  const { answer, request } = await browser();
  assert.equal(answer.status, 201);
  assert.match(
    answer.headers.get("set-cookie") ?? "",
    /^mission_control_session_test=session_[0-9A-Z]{26}-[A-Za-z0-9_-]{43}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=\d+$/,
  );
  const { key, secure, ...who } = answer.body;
  assert.match(key, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(secure, false);
  assert.deepEqual(who.features, { outboundWebhooks: true });
  const { status, body } = await request("GET", "/api/session");
  assert.equal(status, 200);
  assert.deepEqual(body, who);
});

test("the token makes a log-in link, a session makes none", async () => {
  const { status, body } = await http.call("POST", "/api/log-in-links");
  assert.equal(status, 201);
  const url = new URL(body.url);
  assert.equal(url.origin, http.url);
  assert.equal(Date.parse(body.expiresAt) - http.clock.now().getTime(), 10 * 60_000);
  const code = url.hash.replace("#code=", "");
  assert.equal((await logIn({ code })).status, 201);
  const { request } = await browser();
  assert.equal((await request("POST", "/api/log-in-links")).status, 403);
  const named = await startHttp({ publicUrl: "https://mc.example.com" });
  const { body: link } = await named.call("POST", "/api/log-in-links");
  assert.match(link.url, /^https:\/\/mc\.example\.com\/login#code=/);
  await named.close();
});

test("the cookie alone, which other ports of this host are sent too, opens nothing", async () => {
  const { proof } = await browser();
  const other = await browser();
  const attempt = async (headers: Record<string, string>, path = "/api/tasks") =>
    (await call(http.url + path, { headers })).status;
  const { Cookie = "", "Mission-Control-Session-Key": key = "" } = proof;
  assert.equal(await attempt({ Cookie }), 401);
  assert.equal(await attempt({ Cookie, Origin: http.url }), 401);
  assert.equal(await attempt({ "Mission-Control-Session-Key": key }), 401);
  assert.equal(await attempt({ ...other.proof, "Mission-Control-Session-Key": key }), 401);
  assert.equal(await attempt({ Cookie }, `/api/tasks?key=${key}`), 401);
  assert.equal(await attempt(proof), 200);
});

test("the bearer token is nobody's session", async () => {
  const { body } = await http.call("GET", "/api/session");
  assert.deepEqual(body, { id: null, expiresAt: null, features: { outboundWebhooks: true } });
});

test("over TLS the cookie is for TLS alone, whoever ends it", async (t) => {
  const byUrl = await startHttp({ publicUrl: "https://mc.example" });
  const byProxy = await startHttp({ trustedProxies: ["127.0.0.1"] });
  t.after(() => Promise.all([byUrl.close(), byProxy.close()]));
  const cookie = async (to: HttpFixture, headers: Record<string, string>) => {
    const answer = await logIn({ token: TOKEN }, headers, to);
    assert.equal(answer.status, 201);
    const header = answer.headers.get("set-cookie") ?? "";
    assert.equal(answer.body.secure, header.endsWith("; Secure"));
    assert.equal(answer.body.secure, header.startsWith("__Host-"));
    return answer.body.secure;
  };
  assert.equal(await cookie(byUrl, {}), true);
  assert.equal(await cookie(byUrl, { Origin: "https://mc.example" }), true);
  assert.equal(await cookie(byProxy, { "X-Forwarded-Proto": "https" }), true);
  assert.equal(await cookie(byProxy, { "X-Forwarded-Proto": "http" }), false);
  assert.equal(await cookie(byProxy, {}), false);
  // A proxy that nobody named still cannot hide what the browser itself says.
  assert.equal(await cookie(http, { "X-Forwarded-Proto": "https" }), false);
  assert.equal(await cookie(http, { Origin: `https://${http.host}` }), true);
});

test("the public URL's pages are this server's, and so are those a trusted proxy says it serves", async (t) => {
  const behind = await startHttp({ publicUrl: "https://mc.example", trustedProxies: ["127.0.0.1"] });
  t.after(() => behind.close());
  const proof = proofOf(await logIn({ token: TOKEN }, {}, behind));
  const create = async (headers: Record<string, string>) =>
    (
      await call(`${behind.url}/api/tasks`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...proof, ...headers },
        body: '{"title":"x"}',
      })
    ).status;
  assert.equal(await create({ Origin: "https://mc.example" }), 201);
  assert.equal(await create({ Origin: "http://mc.example" }), 403);
  const forwarded = { "X-Forwarded-Host": "localhost:80" };
  assert.equal(await create({ Origin: "http://localhost", ...forwarded }), 201);
  assert.equal(await create({ Origin: behind.url, ...forwarded }), 403);
});

test("a one-time code logs in once, within ten minutes", async () => {
  const { code } = await http.sessions.issueCode();
  assert.equal((await logIn({ code })).status, 201);
  assert.equal((await logIn({ code })).status, 401);
  const { code: late } = await http.sessions.issueCode();
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

test("a page of another origin is told at the log-in, and which setting makes it this server's own", async () => {
  const refused = await logIn({ token: TOKEN }, { Origin: "https://mc.example" });
  assert.equal(refused.status, 403);
  assert.match(refused.body.detail, /MISSION_CONTROL_PUBLIC_URL=https:\/\/mc\.example$/);
  assert.equal(refused.headers.get("set-cookie"), null);
  const { request } = await browser("https://mc.example");
  assert.match((await request("DELETE", "/api/session")).body.detail, /MISSION_CONTROL_PUBLIC_URL/);
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
  assert.ok(!/Hash|ingerprint/.test(JSON.stringify(body)));
  assert.equal((await one.request("DELETE", `/api/sessions/${other.answer.body.id}`)).status, 204);
  assert.equal((await one.request("DELETE", `/api/sessions/${other.answer.body.id}`)).status, 404);
  assert.equal((await other.request("GET", "/api/session")).status, 401);
  const out = await one.request("DELETE", "/api/session");
  assert.equal(out.status, 204);
  assert.match(out.headers.get("set-cookie") ?? "", /^mission_control_session_test=; .*Max-Age=0/);
  assert.equal((await one.request("GET", "/api/tasks")).status, 401);
});

test("a session that begins or ends at one node has done so at the other when the first has answered", async (t) => {
  const other = await startHttp({ beside: http });
  t.after(() => other.close());
  const own = await browser(null);
  const status = async (to: HttpFixture) => (await own.request("GET", "/api/session", undefined, to)).status;
  assert.equal(await status(other), 200);
  const { body } = await other.call("GET", "/api/sessions");
  const { id } = own.answer.body;
  assert.ok(body.items.some((item: { id: string }) => item.id === id));
  assert.equal((await other.call("DELETE", `/api/sessions/${id}`)).status, 204);
  assert.deepEqual([await status(http), await status(other)], [401, 401]);
});

test("of the nodes that a log-in code is tried at, one takes it, whichever made it", async (t) => {
  const one = await startHttp();
  const other = await startHttp({ beside: one });
  t.after(() => other.close().then(() => one.close()));
  const { code } = await one.sessions.issueCode();
  const tries = await Promise.all([one, other, one, other].map((to) => logIn({ code }, {}, to)));
  assert.deepEqual(tries.map(({ status }) => status).sort(), [201, 401, 401, 401]);
  const taken = tries.find(({ status }) => status === 201) as Answer;
  for (const { url } of [one, other]) {
    assert.equal((await call(`${url}/api/session`, { headers: proofOf(taken) })).status, 200);
  }
});

test("a wrong bearer token is not made good by a session", async () => {
  const { proof } = await browser();
  const attempt = async (Authorization: string) =>
    (await call(`${http.url}/api/tasks`, { headers: { ...proof, Authorization } })).status;
  for (const bearer of ["Bearer wrong", "bearer wrong", "Bearer"])
    assert.equal(await attempt(bearer), 401, bearer);
});

test("a proxy's own log-in, in the same header, does not keep a session out", async () => {
  const { proof } = await browser();
  for (const Authorization of ["Basic b3A6b3A=", "Digest username=x", "Bearerx y", ""]) {
    const headers = { ...proof, Authorization };
    assert.equal((await call(`${http.url}/api/tasks`, { headers })).status, 200, Authorization);
    assert.equal((await call(`${http.url}/api/tasks`, { headers: { Authorization } })).status, 401);
  }
});

test("what is no log-in is refused as such", async () => {
  for (const body of [{}, { token: "" }, { token: 1 }, { token: TOKEN, code: "x" }, { code: "" }, []]) {
    assert.equal((await logIn(body)).status, 400, JSON.stringify(body));
  }
  const { status, headers } = await logIn({ token: "a guess" });
  assert.equal(status, 401);
  assert.equal(headers.get("www-authenticate"), "Bearer");
});

test("guesses are slowed by whichever way they come, and keep nobody out who knows", async (t) => {
  const own = await startHttp();
  t.after(() => own.close());
  const bearer = (token: string, path = "/api/tasks") =>
    call(own.url + path, { headers: { Authorization: `Bearer ${token}` } });
  for (let tries = 0; tries < 2; tries++) {
    assert.equal((await logIn({ token: "a guess" }, {}, own)).status, 401);
    assert.equal((await logIn({ code: "a guess" }, {}, own)).status, 401);
    assert.equal((await bearer("a guess")).status, 401);
  }
  for (const guess of [
    () => logIn({ token: "a guess" }, {}, own),
    () => logIn({ code: "a guess" }, {}, own),
    () => bearer("a guess"),
    () => bearer("a guess", "/api/nothing"),
  ]) {
    const slowed = await guess();
    assert.equal(slowed.status, 429);
    assert.equal(slowed.headers.get("retry-after"), "1");
  }
  assert.match(await own.metrics.text(), /limited_total\{[^}]*log_ins[^}]*\} 4/);
  assert.equal((await bearer(TOKEN)).status, 200);
  assert.equal((await logIn({ token: TOKEN }, {}, own)).status, 201);
  assert.equal((await logIn({ code: (await own.sessions.issueCode()).code }, {}, own)).status, 201);
  // What says nothing guesses nothing.
  assert.equal((await call(`${own.url}/api/tasks`)).status, 401);
  own.clock.advance(1000);
  assert.equal((await bearer("a guess")).status, 401);
  assert.equal((await bearer("a guess")).headers.get("retry-after"), "2");
});

test("behind a trusted proxy each client is slowed for its own guesses", async (t) => {
  const behind = await startHttp({ trustedProxies: ["127.0.0.1"] });
  t.after(() => behind.close());
  const guess = async (address: string, to = behind) =>
    (
      await call(`${to.url}/api/tasks`, {
        headers: { Authorization: "Bearer a guess", "X-Forwarded-For": address },
      })
    ).status;
  for (let tries = 0; tries < 6; tries++) assert.equal(await guess("192.0.2.1"), 401);
  assert.equal(await guess("192.0.2.1"), 429);
  assert.equal(await guess("192.0.2.2"), 401);
  for (let tries = 0; tries < 6; tries++) assert.equal(await guess(`2001:db8::${tries}`), 401);
  assert.equal(await guess("2001:db8::7"), 429);
  // From anybody else the header is only text: a new one each time buys nothing.
  const direct = await startHttp();
  t.after(() => direct.close());
  for (let tries = 0; tries < 6; tries++) assert.equal(await guess(`192.0.2.${tries}`, direct), 401);
  assert.equal(await guess("192.0.2.9", direct), 429);
});
