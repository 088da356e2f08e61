import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { flagName, type SettingName } from "./setting-names.ts";
import { localUrl, readSettings } from "./settings.ts";
import { SettingsError } from "./settings-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mission-control-settings-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Reads with the data folder of this test. */
function read(
  environment: Record<string, string> = {},
  flags: Partial<Record<SettingName, string | boolean>> = {},
) {
  return readSettings({ environment: { MISSION_CONTROL_DATA_DIR: folder, ...environment }, flags });
}

function writeFile(content: unknown): void {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  writeFileSync(join(folder, "mission-control.json"), text);
}

function readWithFile(content: unknown) {
  writeFile(content);
  return read();
}

test("defaults are the contract's", () => {
  assert.deepEqual(read(), {
    port: 4000,
    host: "127.0.0.1",
    publicUrl: undefined,
    allowedHosts: [],
    dataDir: folder,
    databaseUrl: undefined,
    natsUrl: undefined,
    natsReplicas: 1,
    token: undefined,
    webhookSecrets: undefined,
    openclawGatewayUrl: undefined,
    openclawGatewayToken: undefined,
    openclawApprovals: false,
    trustedProxies: [],
    retentionEvents: 1_000_000,
    firstWordSeconds: 10,
    silentSeconds: 1800,
    limitCallbacksPerDispatch: 100,
    limitCallbacksPerAddress: undefined,
    limitOpenPermissions: 32,
    limitLateCallbacks: 100,
    limitArtifacts: 1000,
    limitArtifactMib: 100,
    limitArtifactsTotalMib: 10_240,
    limitConnectionsPerAddress: undefined,
    limitStreamsPerAddress: undefined,
    limitStreamFilters: 10_000,
    deliveryDays: 7,
    refusedBodies: true,
    allowPrivateWebhooks: false,
    smtpUrl: undefined,
    mailFrom: undefined,
    logLevel: "warn",
  });
});

test("a flag wins over the environment, which wins over the file", () => {
  writeFile({ port: 4001, host: "::1", retentionEvents: 5 });
  const settings = read({ PORT: "4002", HOST: "0.0.0.0" }, { port: "4003" });
  assert.equal(settings.port, 4003);
  assert.equal(settings.host, "0.0.0.0");
  assert.equal(settings.retentionEvents, 5);
});

test("the file may use the environment's names", () => {
  writeFile({ PORT: "4001", MISSION_CONTROL_PUBLIC_URL: "https://mc.example/base/" });
  const settings = read();
  assert.equal(settings.port, 4001);
  assert.equal(settings.publicUrl, "https://mc.example/base");
});

test("several webhook secrets are a list, in the order given", () => {
  const [newer, older] = ["whsec_dGhlIGZpcnN0IG9mIGZvdXIgc2VjcmV0cyBoZXJl", "correct horse battery staple"];
  const { webhookSecrets } = read({ MISSION_CONTROL_WEBHOOK_SECRET: `${newer}, ${older}` });
  assert.deepEqual(webhookSecrets, [newer, older]);
  writeFile({ webhookSecret: [older, "with a comma, and as long as is needed"] });
  assert.deepEqual(read().webhookSecrets, [older, "with a comma, and as long as is needed"]);
});

test("a secret or a token that could be found by trying stops the start", () => {
  for (const weak of ["ab", "секретный-пароль-7", "whsec_YQ==", "whsec_not base64 though it is long", ","]) {
    assert.throws(
      () => read({ MISSION_CONTROL_WEBHOOK_SECRET: weak }),
      /^SettingsError: MISSION_CONTROL_WEBHOOK_SECRET must be one or more secrets, .* at least 24 characters\.$/,
      weak,
    );
  }
  for (const weak of ["a", "fifteen-letters", "sixteen letters!", "пароль-пароль-пароль"]) {
    assert.throws(
      () => read({ MISSION_CONTROL_TOKEN: weak }),
      /^SettingsError: MISSION_CONTROL_TOKEN must be at least 16 printable ASCII characters without spaces\.$/,
      weak,
    );
  }
  assert.equal(read({ MISSION_CONTROL_TOKEN: "sixteen-letters!" }).token, "sixteen-letters!");
});

test("trusted proxies are a list of addresses and ranges", () => {
  const inEnvironment = read({ MISSION_CONTROL_TRUSTED_PROXIES: "loopback, 10.0.0.0/8" });
  assert.deepEqual(inEnvironment.trustedProxies, ["loopback", "10.0.0.0/8"]);
  assert.deepEqual(readWithFile({ trustedProxies: ["192.0.2.1"] }).trustedProxies, ["192.0.2.1"]);
});

test("further hosts are a list of names", () => {
  const { allowedHosts } = read({ MISSION_CONTROL_ALLOWED_HOSTS: "mc.lan, 192.168.1.5,::1" });
  assert.deepEqual(allowedHosts, ["mc.lan", "192.168.1.5", "::1"]);
  assert.deepEqual(readWithFile({ allowedHosts: ["mc.lan"] }).allowedHosts, ["mc.lan"]);
});

test("an empty variable counts as unset, and what an agent reports with is no setting", () => {
  const settings = read({
    MISSION_CONTROL_TOKEN: "",
    MISSION_CONTROL_CALLBACK_URL: "http://127.0.0.1:1/api/webhooks/callback/x",
    MISSION_CONTROL_CALLBACK_SECRET: "whsec_dGhlIGZpcnN0IG9mIGZvdXIgc2VjcmV0cyBoZXJl",
    MISSION_CONTROL_TASK_ID: "t",
    MISSION_CONTROL_AGENT_ID: "a",
  });
  assert.equal(settings.token, undefined);
});

test("a folder in the home is found", () => {
  assert.equal(read({}, { dataDir: "~/somewhere" }).dataDir, join(homedir(), "somewhere"));
});

test("a wrong or unknown setting is refused by one sentence that names it", () => {
  const refused: [() => unknown, RegExp][] = [
    [() => read({ PORT: "abc" }), /^PORT must be a port number .*, not "abc"\.$/],
    [() => read({ PORT: "70000" }), /^PORT must be/],
    [() => read({}, { port: "-1" }), /^--port must be/],
    [() => read({ HOST: "a b" }), /^HOST must be/],
    [() => read({ MISSION_CONTROL_PUBLIC_URL: "mc.example" }), /^MISSION_CONTROL_PUBLIC_URL must be an http/],
    [() => read({ MISSION_CONTROL_PUBLIC_URL: "ftp://mc.example" }), /^MISSION_CONTROL_PUBLIC_URL must be/],
    [
      () => read({ MISSION_CONTROL_ALLOWED_HOSTS: "https://mc.lan" }),
      /^MISSION_CONTROL_ALLOWED_HOSTS must be/,
    ],
    [() => read({ MISSION_CONTROL_ALLOWED_HOSTS: "*.mc.lan" }), /^MISSION_CONTROL_ALLOWED_HOSTS must be/],
    [() => read({ MISSION_CONTROL_ALLOWED_HOSTS: "mc.lan,a b" }), /^MISSION_CONTROL_ALLOWED_HOSTS must be/],
    [() => read({ OPENCLAW_GATEWAY_URL: "http://127.0.0.1:18789" }), /^OPENCLAW_GATEWAY_URL must be a ws/],
    [
      () => read({ MISSION_CONTROL_TRUSTED_PROXIES: "proxy.example" }),
      /TRUSTED_PROXIES must be IP addresses/,
    ],
    [
      () => read({ MISSION_CONTROL_LIMIT_CALLBACKS_PER_DISPATCH: "-1" }),
      /PER_DISPATCH must be a whole number, 0 for no limit, not "-1"\.$/,
    ],
    [() => read({ MISSION_CONTROL_RETENTION_EVENTS: "0" }), /^MISSION_CONTROL_RETENTION_EVENTS must be/],
    [
      () => read({ MISSION_CONTROL_ALLOW_PRIVATE_WEBHOOKS: "maybe" }),
      /must be true or false, not "maybe"\.$/,
    ],
    [
      () => read({ DATABASE_URL: "mysql://me:hush@db/mc" }),
      /^DATABASE_URL must be a postgres:\/\/ URL, such as/,
    ],
    [
      () => read({ NATS_URL: "http://me:hush@nats" }),
      /^NATS_URL must be one or more nats:\/\/ or tls:\/\/ URLs/,
    ],
    [() => read({ NATS_URL: "nats://one:4222,two:4222" }), /^NATS_URL must be one or more/],
    [() => read({ NATS_URL: "nats://one/?tls=off" }), /^NATS_URL must be one or more/],
    [
      () => read({ MISSION_CONTROL_NATS_REPLICAS: "6" }),
      /NATS_REPLICAS must be a number of servers from 1 to 5/,
    ],
    [
      () => read({ MISSION_CONTROL_PUBLIC_ULR: "x" }),
      /MISSION_CONTROL_PUBLIC_ULR; did you mean MISSION_CONTROL_PUBLIC_URL\?/,
    ],
    [() => readWithFile({ prot: 1 }), /^There is no setting "prot" in .*mission-control\.json/],
    [() => readWithFile({ port: "x" }), /^"port" in .*mission-control\.json must be a port/],
    [() => readWithFile({ port: 1, PORT: 2 }), /"PORT" in .* sets the same/],
    [() => readWithFile({ dataDir: "/tmp" }), /MISSION_CONTROL_DATA_DIR\.$/],
    [() => readWithFile("{"), /must hold one JSON object\.$/],
    [() => readWithFile([]), /must hold one JSON object\.$/],
  ];
  for (const [attempt, message] of refused)
    assert.throws(attempt, (error) => {
      assert.ok(error instanceof SettingsError);
      assert.match(error.message, message);
      return true;
    });
});

test("a refused secret is never repeated", () => {
  for (const environment of [
    { MISSION_CONTROL_TOKEN: "hush hush" },
    { MISSION_CONTROL_WEBHOOK_SECRET: "whsec_aHVzaA==,!hush!,?" },
    { DATABASE_URL: "postgres//me:hush@db/mc" },
    { NATS_URL: "nats//me:hush@one" },
  ] as Record<string, string>[]) {
    assert.throws(
      () => read(environment),
      (error) => error instanceof SettingsError && !error.message.includes("hush"),
    );
  }
});

test("flags are named after the settings", () => {
  assert.equal(flagName("publicUrl"), "--public-url");
  assert.equal(flagName("webhookSecrets"), "--webhook-secret");
});

test("the local address can be connected to", () => {
  assert.equal(localUrl("127.0.0.1", 4000), "http://127.0.0.1:4000");
  assert.equal(localUrl("0.0.0.0", 1), "http://127.0.0.1:1");
  assert.equal(localUrl("::", 1), "http://[::1]:1");
  assert.equal(localUrl("::1", 1), "http://[::1]:1");
});

test("a gateway's address with credentials is refused, saying where the token goes and not what was given", () => {
  for (const url of ["ws://user:pass@gateway.example", "ws://gateway.example/?token=hidden"]) {
    assert.throws(
      () => read({ OPENCLAW_GATEWAY_URL: url }),
      ({ message }: Error) => {
        assert.match(message, /without credentials.*OPENCLAW_GATEWAY_TOKEN/);
        assert.doesNotMatch(message, /pass|hidden/);
        return true;
      },
    );
  }
});
