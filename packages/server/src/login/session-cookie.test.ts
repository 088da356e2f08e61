import assert from "node:assert/strict";
import { test } from "node:test";
import { SessionCookie } from "./session-cookie.ts";

const cookie = new SessionCookie("abc");

test("each server has a name of its own, over TLS one that nothing else can set", () => {
  assert.equal(
    cookie.set("value", 60, false),
    "mission_control_session_abc=value; HttpOnly; SameSite=Strict; Path=/; Max-Age=60",
  );
  assert.equal(
    cookie.set("value", 60, true),
    "__Host-mission_control_session_abc=value; HttpOnly; SameSite=Strict; Path=/; Max-Age=60; Secure",
  );
});

test("only its own cookies are read, each of them", () => {
  const header =
    "theme=dark; mission_control_session_abc=one;mission_control_session_xyz=other; __Host-mission_control_session_abc=two; mission_control_session_abc=three; mission_control_session_abc=; mission_control_session=old";
  assert.deepEqual(cookie.read(header), ["one", "two", "three"]);
  assert.deepEqual(cookie.read(undefined), []);
  assert.equal(cookie.read("mission_control_session_abc=x; ".repeat(1000)).length, 8);
});

test("it is taken back under the names it was sent by", () => {
  assert.deepEqual(cookie.takeBack("mission_control_session_abc=one; a=b"), [
    "mission_control_session_abc=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0",
  ]);
  assert.equal(
    cookie.takeBack("__Host-mission_control_session_abc=x; mission_control_session_abc=y").length,
    2,
  );
  assert.deepEqual(cookie.takeBack(undefined), []);
});
