import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DeviceIdentity } from "../../packages/server/src/gateways/openclaw/device-identity.ts";
import { GatewayConnection } from "../../packages/server/src/gateways/openclaw/gateway-connection.ts";
import { AdapterProbe } from "./adapter-probe.ts";
import { CuttingProxy } from "./cutting-proxy.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { StubModel } from "./stub-model.ts";

const model = new StubModel();
const backoff = { firstMs: 200, longestMs: 1000 };
let gateway: GatewayProcess;
let proxy: CuttingProxy;
let probe: AdapterProbe;

before(async () => {
  gateway = await GatewayProcess.start(await model.listen());
  // Who comes through it counts as remote: has to be approved, and gets a token of its own.
  proxy = await CuttingProxy.listen(gateway.port, "203.0.113.9");
  probe = new AdapterProbe({ url: proxy.url, token: gateway.token, backoff });
});

after(async () => {
  await probe?.close();
  await proxy?.close();
  await gateway?.close();
  await model.close();
});

const deviceId = () => probe.adapter.state().deviceId ?? "";

/** Runs the command that the adapter's message names. */
async function doAsTold(pattern: RegExp, asked = probe): Promise<void> {
  const { lastError } = asked.adapter.state();
  assert.match(lastError ?? "", pattern);
  const command = /"openclaw (devices approve \S+)"/.exec(lastError ?? "")?.[1];
  assert.ok(command, lastError ?? "no error");
  await gateway.command(...command.split(" "));
}

async function agentIds({ adapter }: AdapterProbe): Promise<string[]> {
  return (await adapter.list(AbortSignal.timeout(20_000))).map(({ id }) => id).sort();
}

async function worksAgain(): Promise<void> {
  await probe.state("connected");
  assert.deepEqual(await agentIds(probe), ["coder", "main", "reader"]);
}

/** Loses the connection, and waits until that was seen. */
async function cut(): Promise<void> {
  proxy.cut();
  await probe.state("disconnected");
}

test("a device from elsewhere is told how to be approved, then connects with all it asks for", async () => {
  await probe.state("pairing_required");
  await doAsTold(/does not know this device yet/);
  await worksAgain();
  assert.equal(probe.adapter.state().lastError, null);
});

test("after its token was rotated it comes back by itself", async () => {
  await gateway.command("devices", "rotate", "--device", deviceId(), "--role", "operator");
  await cut();
  await worksAgain();
});

test("after its token was rotated to fewer scopes it comes back by itself", async () => {
  const scopes = ["--scope", "operator.read"];
  await gateway.command("devices", "rotate", "--device", deviceId(), "--role", "operator", ...scopes);
  await cut();
  await worksAgain();
});

test("after its token was revoked it says the command, and comes back once that was run", async () => {
  await gateway.command("devices", "revoke", "--device", deviceId(), "--role", "operator");
  await probe.state("pairing_required");
  await doAsTold(/taken back what this device may do/);
  await worksAgain();
});

test("after it was removed it says the command, and comes back once that was run", async () => {
  await gateway.command("devices", "remove", deviceId());
  await probe.state("pairing_required");
  await doAsTold(/does not know this device yet/);
  await worksAgain();
});

test("a device approved for less works, and says how to have commands approved through it", async () => {
  const identityDir = mkdtempSync(join(tmpdir(), "mission-control-identity-"));
  const identity = DeviceIdentity.open(identityDir);
  const { url } = proxy;
  const options = { url, token: gateway.token, identity, clientVersion: "0", onEvent() {}, onGap() {} };
  const withoutApprovals = { protocol: 4, approvals: false, questions: false, reviewer: false } as const;
  const refused = await GatewayConnection.open(options, withoutApprovals, AbortSignal.timeout(20_000)).then(
    () => assert.fail("it is not approved yet"),
    (error: Error) => error.message,
  );
  await gateway.command("devices", "approve", /approve (\S+)"/.exec(refused)?.[1] ?? "");
  const approvedForLess = new AdapterProbe({ url, token: gateway.token, identityDir, backoff });
  try {
    await approvedForLess.state("connected");
    assert.deepEqual(await agentIds(approvedForLess), ["coder", "main", "reader"]);
    await doAsTold(/^Commands that need an approval .* without operator\.approvals/, approvedForLess);
    proxy.cut();
    await approvedForLess.state("disconnected");
    await approvedForLess.state("connected");
    assert.equal(approvedForLess.adapter.state().lastError, null);
  } finally {
    await approvedForLess.close();
    rmSync(identityDir, { recursive: true });
  }
});
