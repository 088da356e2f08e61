import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { type HttpFixture, startHttp, TOKEN } from "../../../server/test/http-fixture.ts";
import { becomePage, type PageGlobals } from "../../test/support/page-globals.ts";
import { text } from "../text/text.ts";
import type { ApiError } from "./api-error.ts";
import { ApiClient } from "./client.ts";
import { CookieDroppedError, logIn, logOut, readSession, takeLogInCode } from "./session.ts";
import { forgetSessionKey, sessionKey } from "./session-key.ts";

let http: HttpFixture;
let page: PageGlobals;
let api: ApiClient;
beforeEach(async () => {
  http = await startHttp();
  page = becomePage(`${http.url}/`);
  api = new ApiClient({ onAnswer() {}, onSignedOut() {} });
});
afterEach(async () => {
  forgetSessionKey();
  page.restore();
  await http.close();
});

test("a log-in lasts until the log-out, by the cookie and the key together", async () => {
  assert.equal(await readSession(api), null);
  await logIn(api, { token: TOKEN });
  const session = await readSession(api);
  assert.ok(session?.id);
  const key = sessionKey();
  forgetSessionKey();
  assert.equal(await readSession(api), null, "the cookie alone proves nothing");
  page.storage.set("mission-control-session-key", key ?? "");
  assert.equal((await readSession(api))?.id, session.id);
  await logOut(api);
  assert.deepEqual([await readSession(api), sessionKey(), page.storage.size], [null, null, 0]);
});

test("a wrong token leaves the page logged out, with the server's reason", async () => {
  await assert.rejects(logIn(api, { token: "not the one" }), (error: ApiError) => {
    assert.equal(error.status, 401);
    assert.match(error.message, /administrator's token/);
    return true;
  });
  assert.equal(sessionKey(), null);
});

test("a browser that drops the cookie is not taken for logged in", async () => {
  page.keepsCookies = false;
  await assert.rejects(logIn(api, { token: TOKEN }), (error: Error) => {
    assert.ok(error instanceof CookieDroppedError);
    assert.equal(error.message, text.logIn.cookieDropped);
    return true;
  });
});

test("where the page may store nothing, the log-in lasts as long as the page", async () => {
  page.storageIsOpen = false;
  await logIn(api, { token: TOKEN });
  assert.ok(await readSession(api));
  await logOut(api);
  assert.equal(await readSession(api), null);
});

test("a session that is over already can be logged out of; one that goes on is not given up", async () => {
  await logIn(api, { token: TOKEN });
  await http.sessions.remove((await readSession(api))?.id ?? "");
  await logOut(api);
  assert.equal(sessionKey(), null);
  await logIn(api, { token: TOKEN });
  await http.close();
  await assert.rejects(logOut(api), (error: ApiError) => error.status === 0);
  assert.notEqual(sessionKey(), null);
  http = await startHttp();
});

test("a link's code is taken out of the address, which stays the page it was meant for", () => {
  const cases = [
    ["/login#code=abc", "", "abc", ["/"]],
    ["/tasks/t1#code=abc", "", "abc", ["/tasks/t1"]],
    ["/mission/login#code=abc", "/mission", "abc", ["/mission/"]],
    ["/login", "", null, []],
    ["/login#other=1", "", null, []],
  ] as const;
  for (const [path, basePath, code, replaced] of cases) {
    const there = becomePage(http.url + path, basePath);
    assert.equal(takeLogInCode(), code, path);
    assert.deepEqual(there.replaced, replaced, path);
    there.restore();
  }
});

test("servers under paths of one host keep their keys apart", async () => {
  await logIn(api, { token: TOKEN });
  assert.deepEqual([...page.storage.keys()], ["mission-control-session-key"]);
  const other = becomePage(`${http.url}/mission/`, "/mission");
  page.storage.forEach((value, name) => {
    other.storage.set(name, value);
  });
  forgetSessionKey();
  assert.equal(sessionKey(), null);
  assert.equal(other.storage.size, 1, "the other server's is left alone");
  other.restore();
});
