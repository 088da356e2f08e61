import assert from "node:assert/strict";
import { test } from "node:test";
import { readSettings, SettingsError } from "@mission-control/protocol/settings";
import { ClientAddresses, isLoopback, networkOf } from "./client-address.ts";

const from = (remoteAddress: string, forwarded?: string) => ({
  socket: { remoteAddress },
  headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
});

test("what a client says of its own address is not believed", () => {
  const nobody = new ClientAddresses();
  assert.equal(nobody.of(from("198.51.100.7", "10.0.0.1")), "198.51.100.7");
  assert.equal(nobody.of(from("::ffff:198.51.100.7")), "198.51.100.7");
  const other = new ClientAddresses(["192.0.2.1"]);
  assert.equal(other.of(from("198.51.100.7", "10.0.0.1")), "198.51.100.7");
  assert.equal(other.isProxy("198.51.100.7"), false);
});

test("what trusted proxies say is, up to the first that is not one", () => {
  const addresses = new ClientAddresses(["loopback", "192.0.2.0/24"]);
  assert.equal(addresses.of(from("127.0.0.1", "203.0.113.9")), "203.0.113.9");
  assert.equal(addresses.of(from("::ffff:127.0.0.1", "203.0.113.9, 192.0.2.5")), "203.0.113.9");
  assert.equal(
    addresses.of(from("127.0.0.1", "1.1.1.1, 203.0.113.9")),
    "203.0.113.9",
    "the left end is the client's",
  );
  assert.equal(addresses.of(from("127.0.0.1", "::ffff:203.0.113.9")), "203.0.113.9");
  assert.equal(addresses.of(from("127.0.0.1", "2001:db8::1")), "2001:db8::1");
  assert.equal(addresses.isProxy("::ffff:192.0.2.77"), true);
});

test("a proxy that says nothing, or no address, answers for it itself", () => {
  const addresses = new ClientAddresses(["127.0.0.1"]);
  assert.equal(addresses.of(from("127.0.0.1")), "127.0.0.1");
  assert.equal(addresses.of(from("127.0.0.1", "unknown")), "127.0.0.1");
  assert.equal(addresses.of(from("127.0.0.1", "x".repeat(5000))), "127.0.0.1");
});

test("a proxy that is no address is refused", () => {
  assert.throws(() => new ClientAddresses(["somewhere"]), TypeError);
  assert.throws(() => new ClientAddresses(["10.0.0.0/99"]), TypeError);
});

test("an IPv6 address counts with its whole /64", () => {
  assert.equal(networkOf("192.0.2.1"), "192.0.2.1");
  for (const address of ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:0db8:0001:0002::"]) {
    assert.equal(networkOf(address), "2001:db8:1:2::/64", address);
  }
  assert.notEqual(networkOf("2001:db8:1:3::1"), networkOf("2001:db8:1:2::1"));
  assert.equal(networkOf("2001:db8::1"), "2001:db8:0:0::/64");
  assert.equal(networkOf("::1"), "0:0:0:0::/64");
  assert.equal(networkOf("fe80::1%eth0"), "fe80:0:0:0::/64");
  assert.equal(networkOf("64:ff9b::192.0.2.1"), "64:ff9b:0:0::/64");
  assert.equal(networkOf(""), "");
});

test("loopback addresses are known in every way they are written", () => {
  for (const address of ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
    assert.ok(isLoopback(address), address);
  for (const address of ["128.0.0.1", "::2", "", "192.0.2.127"]) assert.ok(!isLoopback(address), address);
});

test("whatever the settings take as a proxy is understood, and what they refuse is none", () => {
  const read = (MISSION_CONTROL_TRUSTED_PROXIES: string) =>
    readSettings({ environment: { MISSION_CONTROL_TRUSTED_PROXIES } }).trustedProxies;
  const good = ["loopback", "linklocal", "uniquelocal", "192.0.2.1", "10.0.0.0/8", "192.0.2.1/32"].concat([
    "::1",
    "fc00::/7",
    "2001:db8::/128",
    "::ffff:192.0.2.1",
  ]);
  for (const text of good) assert.ok(new ClientAddresses(read(text)), text);
  const bad = ["proxy.example", "10.0.0.0/33", "10.0.0.0/0", "10.0.0.0/", "::/129", "1.2.3", "10.0.0.0/8/8"];
  for (const text of bad) assert.throws(() => read(text), SettingsError, text);
});
