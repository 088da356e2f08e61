import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DeviceIdentity } from "./device-identity.ts";

const root = mkdtempSync(join(tmpdir(), "device-identity-"));
after(() => rmSync(root, { recursive: true }));

test("the key is made once, and only its owner can read it", () => {
  const folder = join(root, "made-once");
  const first = DeviceIdentity.open(folder);
  const second = DeviceIdentity.open(folder);
  assert.equal(second.id, first.id);
  assert.equal(second.publicKey, first.publicKey);
  const [file, ...more] = readdirSync(folder);
  assert.deepEqual(more, [], "no temporary file is left");
  assert.equal(statSync(join(folder, file ?? "")).mode & 0o777, 0o600);
});

test("the id is the hash of the public key, and the signature is over the joined fields", () => {
  const identity = DeviceIdentity.open(join(root, "signs"));
  const raw = Buffer.from(identity.publicKey, "base64url");
  assert.equal(raw.length, 32);
  assert.equal(identity.id, createHash("sha256").update(raw).digest("hex"));
  const signature = identity.sign({
    clientId: "client",
    clientMode: "backend",
    role: "operator",
    scopes: ["a", "b"],
    signedAt: 1700000000000,
    token: "T",
    nonce: "N",
  });
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]);
  const key = createPublicKey({ key: spki, format: "der", type: "spki" });
  const text = `v2|${identity.id}|client|backend|operator|a,b|1700000000000|T|N`;
  assert.ok(verify(null, Buffer.from(text), key, Buffer.from(signature, "base64url")));
});

test("a gateway's token is kept by its address and the shared token, read again and forgotten", () => {
  const folder = join(root, "tokens");
  const identity = DeviceIdentity.open(folder);
  const gateway = { url: "ws://one.example:18789", token: "shared" };
  const slot = identity.tokenOf(gateway);
  assert.equal(slot.read(), undefined);
  slot.keep("first");
  slot.keep("second");
  assert.equal(DeviceIdentity.open(folder).tokenOf(gateway).read(), "second");
  assert.equal(identity.tokenOf({ ...gateway, url: "WS://one.example:18789/" }).read(), "second");
  for (const another of [
    { ...gateway, url: "ws://two.example:18789" },
    { ...gateway, url: "wss://one.example:18789" },
    { ...gateway, token: "other" },
    { url: gateway.url },
  ]) {
    assert.equal(identity.tokenOf(another).read(), undefined);
  }
  for (const file of readdirSync(folder)) {
    assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600);
    assert.doesNotMatch(file, /one|shared/);
  }
  slot.forget();
  slot.forget();
  assert.equal(slot.read(), undefined);
});
