import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import {
  deriveDispatchSecret,
  formatSecret,
  InvalidSecretError,
  type StandardDelivery,
  secretKey,
  signSimple,
  signStandard,
  standardHeaders,
  TIMESTAMP_TOLERANCE_SECONDS,
  verifySimple,
  verifyStandard,
} from "./signing.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER = formatSecret(Buffer.from("another secret of ours, long"));
const NOW = 1_767_225_600;

const message = { id: "msg_1", timestamp: NOW, body: '{"type":"progress"}' };
const delivery = (changed: Partial<StandardDelivery> = {}): StandardDelivery => ({
  id: message.id,
  timestamp: String(message.timestamp),
  signature: signStandard(SECRET, message),
  body: message.body,
  ...changed,
});
const keys = [secretKey(SECRET)];

test("what we sign, the published package verifies, and the other way round", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 24, maxLength: 64 }),
      fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/),
      fc.string({ unit: "grapheme" }),
      (key, id, text) => {
        const secret = formatSecret(key);
        const body = JSON.stringify({ text });
        const now = Math.floor(Date.now() / 1000);
        const theirs = new Webhook(secret);
        assert.deepEqual(theirs.verify(body, standardHeaders(secret, { id, timestamp: now, body })), {
          text,
        });
        const signature = theirs.sign(id, new Date(now * 1000), body);
        assert.equal(signStandard(secret, { id, timestamp: now, body }), signature);
        const received = { id, timestamp: String(now), signature, body: Buffer.from(body) };
        assert.equal(verifyStandard([secretKey(secret)], received, now), true);
      },
    ),
  );
});

test("raw bytes are signed as they are, UTF-8 or not", () => {
  const body = Buffer.from([0xff, 0x00, 0x80]);
  const signature = signStandard(SECRET, { ...message, body });
  assert.equal(verifyStandard(keys, delivery({ body, signature }), NOW), true);
  assert.equal(verifyStandard(keys, delivery({ body: body.toString(), signature }), NOW), false);
});

test("any change of id, time, body or signature is found out", () => {
  assert.equal(verifyStandard(keys, delivery(), NOW), true);
  const wrong: Partial<StandardDelivery>[] = [
    { id: "msg_2" },
    { id: "" },
    { id: undefined },
    { timestamp: String(NOW + 1) },
    { timestamp: undefined },
    { timestamp: `${NOW}.0` },
    { timestamp: ` ${NOW}` },
    { timestamp: "NaN" },
    { timestamp: "" },
    { body: `${message.body} ` },
    { body: "" },
    { signature: undefined },
    { signature: "" },
    { signature: "v1," },
    { signature: "v1" },
    { signature: delivery().signature?.slice(3) },
    { signature: delivery().signature?.replace("v1,", "v2,") },
    { signature: delivery().signature?.replace("v1,", "v1a,") },
    { signature: signStandard(OTHER, message) },
    { signature: `v1,${Buffer.alloc(31).toString("base64")}` },
    { signature: `v1,${Buffer.alloc(33).toString("base64")}` },
  ];
  for (const changed of wrong) {
    assert.equal(verifyStandard(keys, delivery(changed), NOW), false, JSON.stringify(changed));
  }
  assert.equal(verifyStandard([], delivery(), NOW), false, "without keys nothing is verified");
});

test("of several signatures and several secrets, one match is enough", () => {
  const ours = signStandard(SECRET, message);
  const theirs = signStandard(OTHER, message);
  const both = [secretKey(OTHER), secretKey(SECRET)];
  assert.equal(verifyStandard(both, delivery(), NOW), true);
  assert.equal(verifyStandard(keys, delivery({ signature: `${theirs} ${ours}` }), NOW), true);
  assert.equal(verifyStandard(keys, delivery({ signature: `v1a,xyz ${ours} garbage` }), NOW), true);
  assert.equal(verifyStandard(keys, delivery({ signature: `${theirs} v1a,xyz` }), NOW), false);
});

test("the window is five minutes to either side", () => {
  for (const [off, valid] of [
    [TIMESTAMP_TOLERANCE_SECONDS, true],
    [-TIMESTAMP_TOLERANCE_SECONDS, true],
    [TIMESTAMP_TOLERANCE_SECONDS + 1, false],
    [-TIMESTAMP_TOLERANCE_SECONDS - 1, false],
  ] as const) {
    assert.equal(verifyStandard(keys, delivery(), NOW + off), valid, `${off} seconds off`);
  }
  assert.equal(TIMESTAMP_TOLERANCE_SECONDS, 300);
});

test("the simple scheme is the hex HMAC of the body with the secret as it is written", () => {
  const body = Buffer.from("raw \u00e9 body");
  const expected = createHmac("sha256", SECRET).update(body).digest("hex");
  assert.equal(signSimple(SECRET, body), `sha256=${expected}`);
  assert.equal(verifySimple([OTHER, SECRET], `sha256=${expected}`, body), true);
  assert.equal(verifySimple([SECRET], `sha256=${expected.toUpperCase()}`, body), true);
  const wrong = [undefined, "", expected, "sha256=", `sha256=${expected}00`, `sha256=${expected.slice(2)}`];
  wrong.push(
    `sha1=${expected}`,
    `sha256=${"zz".repeat(32)}`,
    `sha256=${"00".repeat(32)}`,
    ` sha256=${expected}`,
  );
  for (const signature of wrong) assert.equal(verifySimple([SECRET], signature, body), false, signature);
  assert.equal(verifySimple([SECRET], `sha256=${expected}`, Buffer.from("another")), false);
});

test("a secret is base64 with or without its prefix, or a passphrase taken as it is", () => {
  assert.deepEqual(secretKey(SECRET), secretKey(SECRET.slice("whsec_".length)));
  assert.equal(secretKey(formatSecret(Buffer.alloc(24, 255))).length, 24);
  for (const passphrase of ["correct horse battery staple", "секретный-пароль-на-24-знака", "x".repeat(25)]) {
    assert.equal(secretKey(passphrase).toString("utf8"), passphrase);
  }
});

test("a secret that is weak, or not what it seems, is refused without being repeated", () => {
  for (const weak of [
    "",
    "whsec_",
    "a",
    "ab",
    "секретный-пароль-7",
    "whsec_!!!",
    "whsec_YQ==",
    formatSecret(Buffer.alloc(23, 1)),
    // After the prefix stands base64, or nothing that can be meant.
    "whsec_correct horse battery staple",
    SECRET.slice(0, -1),
    `${SECRET}=`,
    `${SECRET} `,
    "x".repeat(23),
    // Eleven characters, though more code units and bytes than 24.
    "👩‍👩‍👧‍👦👩‍👩‍👧‍👦".slice(0, 22),
  ]) {
    assert.throws(
      () => secretKey(weak),
      (error) => {
        assert.ok(error instanceof InvalidSecretError, weak);
        return weak.length < 7 || !error.message.includes(weak);
      },
    );
  }
});

test("a dispatch's secret is derived as the contract says, and is another for every dispatch", () => {
  const serverKey = Buffer.alloc(32, 7);
  const key = createHmac("sha256", serverKey).update("callback:dispatch_1").digest("base64");
  assert.equal(deriveDispatchSecret(serverKey, "dispatch_1"), `whsec_${key}`);
  assert.notEqual(
    deriveDispatchSecret(serverKey, "dispatch_1"),
    deriveDispatchSecret(serverKey, "dispatch_2"),
  );
  assert.notEqual(
    deriveDispatchSecret(serverKey, "dispatch_1"),
    deriveDispatchSecret(Buffer.alloc(32, 8), "dispatch_1"),
  );
});
