import assert from "node:assert/strict";
import { test } from "node:test";
import { hostName } from "@mission-control/protocol";
import { AllowedHosts, type AllowedHostsOptions } from "./allowed-hosts.ts";
import { ClientAddresses } from "./client-address.ts";

function hosts(options: Partial<AllowedHostsOptions> = {}): AllowedHosts {
  const none = new ClientAddresses();
  return new AllowedHosts({ host: "127.0.0.1", publicUrl: undefined, names: [], proxies: none, ...options });
}

/** Whether a request with this `Host` is allowed that came to `localAddress`. */
function allows(allowed: AllowedHosts, host: string | undefined, localAddress = "127.0.0.1", more = {}) {
  const headers = { ...(host === undefined ? {} : { host }), ...more };
  return allowed.allows({ socket: { remoteAddress: "127.0.0.1", localAddress }, headers });
}

test("loopback names are always good, other names are not", () => {
  const allowed = hosts();
  for (const host of [
    "127.0.0.1:4000",
    "localhost",
    "LocalHost:1",
    "mc.localhost:4000",
    "[::1]:4000",
    "127.8.9.1",
  ]) {
    assert.equal(allows(allowed, host), true, host);
  }
  for (const host of [
    "evil.example",
    "evil.example:4000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "localhost@evil.example",
    "192.0.2.1",
    "",
    "a b",
    "localhost/evil",
  ]) {
    assert.equal(allows(allowed, host), false, host);
  }
  assert.equal(allows(allowed, undefined), true);
});

test("so are the address listened on, the public URL's name and the configured ones", () => {
  const allowed = hosts({
    host: "mc-host",
    publicUrl: "https://mc.example:8443/base",
    names: ["MC.lan", "192.168.7.7", "2001:db8::0:1"],
  });
  for (const host of [
    "mc-host:4000",
    "mc.example",
    "MC.example:8443",
    "mc.example.:8443",
    "mc.lan:1",
    "192.168.7.7",
    "[2001:db8::1]:4000",
  ]) {
    assert.equal(allows(allowed, host), true, host);
    assert.equal(allows(allowed, host), true, `${host} again`);
  }
  assert.equal(allows(allowed, "other.lan"), false);
});

test("where it listens on every address, the one a connection came to is good", () => {
  const allowed = hosts({ host: "0.0.0.0" });
  assert.equal(allows(allowed, "192.168.1.5:4000", "192.168.1.5"), true);
  assert.equal(allows(allowed, "192.168.1.6:4000", "::ffff:192.168.1.6"), true);
  assert.equal(allows(allowed, "[fe80::1]:4000", "fe80::1%eth0"), true);
  assert.equal(allows(allowed, "192.168.1.9:4000", "192.168.1.5"), false);
});

test("behind a trusted proxy it is the name the browser asked for that counts", () => {
  const allowed = hosts({ publicUrl: "https://mc.example", proxies: new ClientAddresses(["127.0.0.1"]) });
  const ask = (forwarded: string) =>
    allows(allowed, "backend:4000", "127.0.0.1", { "x-forwarded-host": forwarded });
  assert.equal(ask("mc.example"), true);
  assert.equal(ask("evil.example"), false);
  assert.equal(allows(hosts(), "evil.example", "127.0.0.1", { "x-forwarded-host": "localhost" }), false);
});

test("the names remembered stay few", () => {
  const allowed = hosts();
  for (let port = 1; port < 2000; port++) assert.equal(allows(allowed, `localhost:${port}`), true);
  assert.equal(allows(allowed, "evil.example"), false);
});

test("a host is named as browsers write it", () => {
  assert.equal(hostName("MC.Example:8443"), "mc.example");
  assert.equal(hostName("[2001:DB8:0::1]:80"), "[2001:db8::1]");
  assert.equal(hostName("2001:db8::1"), "[2001:db8::1]");
  assert.equal(hostName("::ffff:127.0.0.1"), "127.0.0.1");
  for (const bad of ["", "a/b", "a?b", "u@h", "*.lan", "a b", "h:port"])
    assert.equal(hostName(bad), null, bad);
});
