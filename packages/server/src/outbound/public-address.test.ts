import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import { test } from "node:test";
import { isPrivateHost, isPublicAddress, publicLookup } from "./public-address.ts";

const PRIVATE = [
  "0.0.0.0",
  "10.0.0.1",
  "100.64.0.1",
  "100.100.100.200",
  "127.0.0.1",
  "127.255.255.254",
  "168.63.129.16",
  "169.254.169.254",
  "172.16.0.1",
  "192.0.0.192",
  "192.168.1.1",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::127.0.0.1",
  "::8.8.8.8",
  "::ffff:10.0.0.1",
  "::ffff:169.254.169.254",
  "::ffff:168.63.129.16",
  "::ffff:0:10.0.0.1",
  "64:ff9b::10.0.0.1",
  "64:ff9b::8.8.8.8",
  "64:ff9b:1::1",
  "2001::1",
  "2001:db8::1",
  "2002:a00:1::1",
  "fc00::1",
  "fd00:ec2::254",
  "fe80::1",
  "fe80::1%eth0",
  "fec0::1",
  "ff02::1",
  "4000::1",
  "example.com",
];

test("only addresses of the public Internet are public, however they are written", () => {
  for (const address of PRIVATE) assert.equal(isPublicAddress(address), false, address);
  for (const address of ["8.8.8.8", "::ffff:8.8.8.8", "2606:4700:4700::1111"]) {
    assert.equal(isPublicAddress(address), true, address);
  }
});

test("a URL whose host is such an address is known, also where it is spelt as another number", () => {
  for (const host of ["127.1", "0x7f.0.0.1", "2130706433", "0", "[::1]", "[::ffff:a00:1]", "017700000001"]) {
    assert.equal(isPrivateHost(new URL(`http://${host}/`)), true, host);
  }
  for (const host of ["8.8.8.8", "localhost", "example.com"]) {
    assert.equal(isPrivateHost(new URL(`http://${host}/`)), false, host);
  }
});

test("a look-up gives the public addresses of a name alone, and fails where it has none", async () => {
  const resolved = (addresses: string[], all: boolean) =>
    new Promise((resolve, reject) => {
      const found = addresses.map((address): LookupAddress => ({ address, family: 4 }));
      publicLookup((_, __, callback) => callback(null, found))("a.example", { all }, (error, ...given) =>
        error ? reject(error) : resolve(given),
      );
    });
  assert.deepEqual(await resolved(["10.0.0.1", "8.8.8.8"], true), [[{ address: "8.8.8.8", family: 4 }]]);
  assert.deepEqual(await resolved(["10.0.0.1", "8.8.8.8"], false), ["8.8.8.8", 4]);
  await assert.rejects(resolved(["10.0.0.1", "169.254.169.254"], true), { code: "private_address" });
});
