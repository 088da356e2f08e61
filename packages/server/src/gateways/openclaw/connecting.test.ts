import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { JsonObject } from "@mission-control/protocol";
import { FakeOpenClawGateway, type FakeRequest } from "../../../test/support/fake-openclaw-gateway.ts";
import { type Connected, connectToGateway } from "./connecting.ts";
import { DeviceIdentity } from "./device-identity.ts";
import { FrameTooLargeError } from "./gateway-errors.ts";
import { testConnection } from "./test-connection.ts";

const BASE = ["operator.read", "operator.write"];
const WITH_APPROVALS = [...BASE, "operator.approvals"];
const ALL = [...WITH_APPROVALS, "operator.questions"];

let fake: FakeOpenClawGateway;
let identityDir: string;
let identity: DeviceIdentity;
const opened: Connected[] = [];

beforeEach(async () => {
  fake = await FakeOpenClawGateway.listen();
  identityDir = mkdtempSync(join(tmpdir(), "openclaw-connecting-test-"));
  identity = DeviceIdentity.open(identityDir);
});

afterEach(async () => {
  for (const { connection } of opened.splice(0)) await connection.close();
  await fake.close();
  rmSync(identityDir, { recursive: true });
});

async function connect(gateway: { url?: string; token?: string } = { token: "shared" }): Promise<Connected> {
  const { url = fake.url, token } = gateway;
  const connected = await connectToGateway(
    {
      url,
      token,
      identity,
      deviceToken: identity.tokenOf({ url, token }),
      clientVersion: "0.0.0",
      onEvent() {},
      onGap() {},
    },
    AbortSignal.timeout(10_000),
  );
  opened.push(connected);
  return connected;
}

/** Refuses `connect`, as a gateway does, whenever `why` names a reason. */
function refuseWhen(why: (request: FakeRequest) => JsonObject | null, hello: JsonObject = {}): void {
  fake.on("connect", (request) => {
    const details = why(request);
    if (details) request.refuse({ code: "INVALID_REQUEST", message: "no", details });
    else request.answer({ ...fake.hello(), ...hello });
  });
}

function asked(): { protocol: unknown; scopes: unknown; auth: unknown }[] {
  return fake.requests
    .filter(({ method }) => method === "connect")
    .map(({ params: { minProtocol, maxProtocol, scopes, auth } }) => ({
      protocol: minProtocol === maxProtocol ? minProtocol : [minProtocol, maxProtocol],
      scopes,
      auth,
    }));
}

test("the handshake asks for exactly protocol 4 and proves the device", async () => {
  await connect();
  assert.deepEqual(asked(), [{ protocol: 4, scopes: ALL, auth: { token: "shared" } }]);
  const { device } = (await fake.request("connect")).params;
  const { id, publicKey, signature, nonce, signedAt } = (device ?? {}) as Record<string, string>;
  assert.deepEqual([nonce, signedAt], ["n-1", 1_700_000_000_000]);
  const raw = Buffer.from(publicKey ?? "", "base64url");
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]);
  const key = createPublicKey({ key: spki, format: "der", type: "spki" });
  const text = `v2|${id}|gateway-client|backend|operator|${ALL.join(",")}|${signedAt}|shared|n-1`;
  assert.ok(verify(null, Buffer.from(text), key, Buffer.from(signature ?? "", "base64url")));
});

test("a gateway that does not speak protocol 4 is spoken to in 3, and one that speaks neither is said to", async () => {
  refuseWhen(({ params }) => (params.maxProtocol === 4 ? { code: "PROTOCOL_MISMATCH" } : null), {
    protocol: 3,
  });
  const { connection } = await connect();
  assert.equal(connection.hello.protocol, 3);
  assert.deepEqual(
    asked().map(({ protocol }) => protocol),
    [4, 3],
  );
  refuseWhen(() => ({ code: "PROTOCOL_MISMATCH" }));
  await assert.rejects(connect(), /does not speak protocol 4 or 3/);
});

test("a device's own token goes beside the shared one, under its own name", async () => {
  refuseWhen(() => null, { auth: { deviceToken: "mine", scopes: BASE } });
  await connect();
  await connect();
  assert.deepEqual(asked().at(-1)?.auth, { token: "shared", deviceToken: "mine" });
});

test("what one gateway gave is not sent to another, nor with another shared token", async () => {
  refuseWhen(() => null, { auth: { deviceToken: "of-the-first", scopes: BASE } });
  const first = fake;
  await connect();
  await connect({ token: "another" });
  const second = await FakeOpenClawGateway.listen();
  try {
    await connect({ url: second.url, token: "shared" });
    const sent = JSON.stringify([...first.requests, ...second.requests].map(({ params }) => params));
    assert.doesNotMatch(sent, /of-the-first/);
  } finally {
    await opened.pop()?.connection.close();
    await second.close();
  }
});

for (const code of ["AUTH_DEVICE_TOKEN_MISMATCH", "AUTH_TOKEN_MISMATCH"]) {
  test(`a device token that is refused with ${code} is forgotten, and the shared one tried at once`, async () => {
    refuseWhen(() => null, { auth: { deviceToken: "old", scopes: BASE } });
    await connect();
    const isOld = ({ params }: FakeRequest) => (params.auth as JsonObject).deviceToken === "old";
    refuseWhen((request) => (isOld(request) ? { code } : null), {
      auth: { deviceToken: "new", scopes: BASE },
    });
    await connect();
    await connect();
    assert.deepEqual(
      asked().map(({ auth }) => auth),
      [
        { token: "shared" },
        { token: "shared", deviceToken: "old" },
        { token: "shared" },
        { token: "shared", deviceToken: "new" },
      ],
    );
  });
}

test("a refused shared token is said to be one, with the command that shows the right one", async () => {
  refuseWhen(() => null, { auth: { deviceToken: "old", scopes: BASE } });
  await connect();
  refuseWhen(({ params }) => {
    const { deviceToken } = params.auth as JsonObject;
    return { code: deviceToken ? "AUTH_DEVICE_TOKEN_MISMATCH" : "AUTH_TOKEN_MISMATCH" };
  });
  await assert.rejects(connect(), /refused the token.*"openclaw gateway auth-token --show"/);
});

test("where the right to have commands approved is not granted, the rest works, and how to get it is said", async () => {
  const isAsked = ({ params }: FakeRequest) => (params.scopes as string[]).includes("operator.approvals");
  refuseWhen((request) =>
    isAsked(request)
      ? {
          code: "PAIRING_REQUIRED",
          reason: "scope-upgrade",
          requestId: "req-7",
          requestedScopes: WITH_APPROVALS,
          approvedScopes: BASE,
        }
      : null,
  );
  const { connection, limitation } = await connect();
  assert.deepEqual(connection.hello.scopes, BASE);
  assert.match(limitation ?? "", /without operator\.approvals .*"openclaw devices approve req-7"/);
  refuseWhen((request) => (isAsked(request) ? { code: "AUTH_SCOPE_MISMATCH" } : null));
  assert.match((await connect()).limitation ?? "", /set the gateway's token/);
});

test("where the right to answer what agents ask is not granted, the rest works, and how to get it is said", async () => {
  refuseWhen(({ params }) =>
    (params.scopes as string[]).includes("operator.questions")
      ? {
          code: "PAIRING_REQUIRED",
          reason: "scope-upgrade",
          requestId: "req-8",
          requestedScopes: ALL,
          approvedScopes: WITH_APPROVALS,
        }
      : null,
  );
  const { limitation } = await connect();
  assert.deepEqual(asked().at(-1)?.scopes, WITH_APPROVALS);
  assert.match(limitation ?? "", /^What agents on this gateway ask .*"openclaw devices approve req-8"/);
});

for (const [reason, words] of [
  ["not-paired", /does not know this device yet/],
  ["role-upgrade", /taken back what this device may do/],
  ["metadata-upgrade", /by other particulars/],
] as const) {
  test(`pairing that is asked for as ${reason} names the command`, async () => {
    refuseWhen(() => ({ code: "PAIRING_REQUIRED", reason, requestId: "req-9" }));
    await assert.rejects(connect(), (error: Error) => {
      assert.match(error.message, words);
      assert.match(error.message, /"openclaw devices approve req-9"/);
      assert.ok(error.message.includes(`device id ${identity.id}`));
      return true;
    });
  });
}

test("a connection without the right to read and write counts as none", async () => {
  refuseWhen(() => null, { auth: { scopes: ["operator.read"] } });
  await assert.rejects(connect(), /scope operator\.write.*"openclaw devices rotate --device /);
});

test("a frame larger than the gateway takes is not sent, and the sizes are said", async () => {
  fake.maxPayloadBytes = 2 * 1024 * 1024;
  const { connection } = await connect();
  const request = connection.request("agent", { message: "é".repeat(1024 * 1024) });
  await assert.rejects(request, (error) => {
    assert.ok(error instanceof FrameTooLargeError);
    assert.match(error.message, /2\.0 MiB, and the gateway takes at most 2\.0 MiB/);
    return true;
  });
  assert.equal(fake.count("agent"), 0);
});

test("credentials in an address are used and never told", async () => {
  const url = fake.url.replace("//", "//user:pass@").concat("/?token=hidden");
  await connect({ url });
  assert.equal(fake.upgrades[0]?.authorization, `Basic ${Buffer.from("user:pass").toString("base64")}`);
  for (const bad of [
    "ws://user:pass@127.0.0.1:1/?token=hidden",
    "ws://user:pass@127.0.0.1:1/#token=hidden",
  ]) {
    await assert.rejects(connect({ url: bad }), (error: Error) => {
      assert.match(error.message, /ws:\/\/127\.0\.0\.1:1/);
      assert.doesNotMatch(error.message, /pass|hidden/);
      return true;
    });
  }
});

test("one try of the connection finds the agents, says in words what went wrong, and keeps nothing", async () => {
  fake.on("connect", ({ answer }) =>
    answer({ ...fake.hello(), auth: { deviceToken: "given", scopes: BASE } }),
  );
  fake.on("agents.list", ({ answer }) =>
    answer({ defaultId: "a", agents: [{ id: "a", name: "A" }, { id: "b" }] }),
  );
  const { signal } = new AbortController();
  const good = await testConnection({ url: fake.url, token: "shared", identityDir }, signal);
  assert.deepEqual(good.ok && [good.protocol, good.version, good.agents], [
    4,
    "1.2.3",
    [
      { id: "a", name: "A", default: true },
      { id: "b", default: false },
    ],
  ]);
  assert.deepEqual(readdirSync(identityDir), ["openclaw-device.pem"]);
  const bad = await testConnection({ url: "ws://127.0.0.1:1", identityDir }, signal);
  assert.match(bad.error ?? "", /nothing listens there/);
  refuseWhen(() => ({ code: "PAIRING_REQUIRED", requestId: "req-9" }));
  const unknown = await testConnection({ url: fake.url, identityDir }, signal);
  assert.deepEqual([unknown.ok, unknown.state], [false, "pairing_required"]);
});
