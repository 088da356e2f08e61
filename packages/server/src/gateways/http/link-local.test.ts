import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import { test } from "node:test";
import { lookupOutsideLinkLocal } from "./link-local.ts";

function lookup(host: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    lookupOutsideLinkLocal(host, { all: true }, (error, addresses) => {
      if (error) reject(error);
      else resolve((addresses as LookupAddress[]).map(({ address }) => address));
    });
  });
}

test("a name is looked up as always, but for link-local addresses", async () => {
  const addresses = await lookup("localhost");
  assert.ok(addresses.length > 0);
  // The system resolves an address to itself, as it would a name that stands for it.
  for (const address of ["169.254.169.254", "fe80::1", "::ffff:169.254.1.1"]) {
    await assert.rejects(lookup(address), { code: "link_local_address" }, address);
  }
  await assert.rejects(lookup("no-such-host.invalid"), { code: /ENOTFOUND|EAI_AGAIN/ });
});

test("one address is given where one is asked for", async () => {
  const { promise, resolve } = Promise.withResolvers<unknown[]>();
  lookupOutsideLinkLocal("127.0.0.1", {}, (...answer) => resolve(answer));
  assert.deepEqual(await promise, [null, "127.0.0.1", 4]);
});
