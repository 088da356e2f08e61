import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { FakeOpenClawGateway } from "../../../server/test/support/fake-openclaw-gateway.ts";
import { TestServer } from "../../test/test-server.ts";

let server: TestServer;
let fake: FakeOpenClawGateway;
before(async () => {
  server = await TestServer.start();
  fake = await FakeOpenClawGateway.listen();
  fake.on("agents.list", ({ answer }) => answer({ defaultId: "main", agents: [{ id: "main" }] }));
});
after(async () => {
  await server.close();
  await fake.close();
});

test("a gateway is tried, added, listed and removed", async () => {
  assert.match((await server.run("gateways")).stdout, /^No gateways yet/);
  const tried = await server.run("gateways", "test", fake.url, "--gateway-token", "shared");
  assert.equal(tried.code, 0, tried.stderr);
  assert.match(tried.stdout, /^Connected in \d+ ms \(OpenClaw 1\.2\.3\)\. Agents there: main\.\n$/);
  assert.match((await server.run("gateways")).stdout, /^No gateways yet/, "a try keeps nothing");

  const added = await server.run("gateways", "add", fake.url, "--name", "claw", "--gateway-token", "shared");
  assert.equal(added.code, 0, added.stderr);
  const [, id = ""] = /^claw is (\S+): /.exec(added.stdout) ?? [];
  const listed = await server.run("gateways", "list");
  assert.match(listed.stdout, new RegExp(`^claw +(connecting|connected) +${fake.url} +${id}`));
  assert.equal(listed.stdout.includes("shared"), false);

  const removed = await server.run("gateways", "rm", "claw");
  assert.equal(removed.stdout, `claw (${id}) is removed.\n`, removed.stderr);
  assert.match(
    (await server.run("gateways", "rm", "claw")).stderr,
    /^There is no gateway "claw"; known: none/,
  );
});

test("what cannot be connected to fails with the reason, and an address with credentials is not repeated", async () => {
  const nobody = await server.run("gateways", "test", "ws://127.0.0.1:9");
  assert.equal(nobody.code, 1);
  assert.match(nobody.stderr, /nothing listens there/);
  for (const url of ["http://127.0.0.1:9", "ws://user:hush@127.0.0.1:9", "nonsense"]) {
    const wrong = await server.run("gateways", "add", url);
    assert.equal(wrong.code, 2);
    assert.match(
      wrong.stderr,
      /^The gateway's address must be a ws:\/\/ or wss:\/\/ URL without credentials/,
    );
    assert.equal(wrong.stderr.includes("hush"), false);
  }
});
